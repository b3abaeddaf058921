#!/usr/bin/env bash
# Exits with 0 where there is a Go that builds the tools of go.mod. Installs Debian's where it is new enough; else reports what is
# missing: Debian 12 has Go 1.19, and Debian 13 has 1.24.
set -euo pipefail
cd "$(dirname "$0")"
wanted="$(sed -n 's/^go //p' go.mod)"

is_new_enough() { [ "$(printf '%s\n' "$wanted" "$1" | sort -V | head -1)" = "$wanted" ]; }

if ! command -v go >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    packaged="$(apt-cache policy golang-go 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]*:\)\?\([0-9.]*\).*/\2/p')"
    if [ -n "$packaged" ] && is_new_enough "$packaged.0"; then
        echo "deploy-check: installing golang-go $packaged"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go >/dev/null
    fi
fi
# Go 1.21 and later fetches the wanted one by itself, unless GOTOOLCHAIN is `local`.
found="$(go version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p')" || true
if [ -z "$found" ] || ! is_new_enough "$found"; then
    echo "deploy-check: NOT TESTED: the chart, the rules and the policies. Their tools need Go $wanted, and there is ${found:-none}:" \
        "install it from https://go.dev/dl and put it on PATH" >&2
    exit 1
fi
