#!/usr/bin/env bash
# Builds the book into the folder $1 by the mdbook $2. Decisions (docs/adr) are its last part, in their order.
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
book=$(mktemp -d)
trap 'rm -rf "$book"' EXIT

mkdir "$book/src"
cp docs/book/book.toml "$book"
git ls-files -z -- ':(glob)*.md' ':(glob)LICENSE*' benches/README.md docs deploy examples schemas | xargs -0 cp --parents --target-directory "$book/src"
{
    sed -e 's|(../../|(|' -e 's|(../|(docs/|' docs/book/SUMMARY.md
    printf '\n# Decisions\n\n'
    for decision in docs/adr/*.md; do
        printf -- '- [%s](%s)\n' "$(sed -n '1s/^# //p' "$decision")" "$decision"
    done
} >"$book/src/SUMMARY.md"
rm -rf "$out"
"$2" build --dest-dir "$out" "$book"
