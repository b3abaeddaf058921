#!/usr/bin/env bash
# Builds the release binary of this checkout into the file $1, with what `cargo audit` reads of its dependencies if
# cargo-auditable is on PATH. Of shared libraries it needs those of glibc alone: it runs on any Linux whose glibc is not older than this
# machine's. Run by deploy/Dockerfile and dist.sh.
#
# The folders that it is built in are not part of it, so that two builds of one commit by one toolchain are byte-equal.
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release-build
home=${CARGO_HOME:-$HOME/.cargo}

# The linker finds these before the shared ones.
static=$target/static
mkdir -p "$static" "$(dirname "$out")"
ln -sf "$(realpath "$(c++ -print-file-name=libstdc++.a)")" "$static/libstdc++.a"
ln -sf "$(realpath "$(cc -print-file-name=libgcc_eh.a)")" "$static/libgcc_s.a"

rust=() c=()
for folder in "$PWD=/kigen" "$target=/target" "$home=/cargo"; do
    rust+=("--remap-path-prefix=$folder") c+=("-ffile-prefix-map=$folder")
done
export CFLAGS="${c[*]}" CXXFLAGS="${c[*]}"
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${rust[@]}" | head -c -1)
export CARGO_ENCODED_RUSTFLAGS

auditable=()
if command -v cargo-auditable >/dev/null; then auditable=(auditable); fi
cargo "${auditable[@]}" rustc --locked --release --target-dir "$target" --bin kigen -- -L "native=$static"
strip --strip-debug -o "$out" "$target/release/kigen"

others=$(readelf -d "$out" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev '^(lib(c|m|dl|rt|pthread)\.so|ld-linux)' || true)
if [ -n "$others" ]; then
    echo "$out needs shared libraries that not each Linux has:" $others >&2
    exit 1
fi
