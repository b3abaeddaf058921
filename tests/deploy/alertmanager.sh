#!/usr/bin/env bash
# Builds the Alertmanager into the folder $1. Its program embeds its pages, which its module lacks: it gets an empty one here.
set -euo pipefail
cd "$(dirname "$0")"
tools="$1"
module=github.com/prometheus/alertmanager

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
go mod download "$module"
cp -r "$(go list -m -f '{{.Dir}}' "$module")" "$scratch/source"
chmod -R u+w "$scratch/source"
mkdir -p "$scratch/source/ui/app/dist"
touch "$scratch/source/ui/app/dist/index.html"
cp go.mod go.sum "$scratch"
go mod edit -replace "$module=$scratch/source" "$scratch/go.mod"
go build -trimpath -modfile "$scratch/go.mod" -o "$tools/alertmanager" "$module/cmd/alertmanager"
