#!/usr/bin/env bash
# Checks what `make dist` has built in the folder $1 as its users would: the tarball, the Debian package, and the image's root file
# system, in which kigen plays its demo as an unprivileged user that can write into /data alone. Needs root for the last.
set -euo pipefail
root_script=$(realpath "$(dirname "$0")/../../deploy/release/root.sh")
out=$(realpath "$1")
cd "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "== checksums"
sha256sum --check --strict --quiet SHA256SUMS

echo "== tarball"
tar --extract --gzip --file kigen-*.tar.gz --directory "$scratch"
cd "$scratch"/kigen-*/
version=$(./kigen --version)
[ "$(./kubectl-kigen --version)" = "$version" ]
gunzip man/*.gz
mandoc -T lint -W error man/* >&2
bash -n completions/kigen.bash
for file in LICENSE-MIT LICENSE-APACHE LICENSES-OF-DEPENDENCIES CHANGELOG.md kigen.toml objectives.crd.yaml; do
    test -s "$file"
done
for library in librocksdb-sys rdkafka-sys openssl-src zstd-sys; do
    grep -q "^  $library " LICENSES-OF-DEPENDENCIES
    grep -q "\"name\": \"$library\"" kigen.cdx.json
done
# What cargo-auditable leaves for scanners of binaries.
readelf --section-headers --wide kigen | grep -q '\.dep-v0'

echo "== Debian package"
cd "$out"
dpkg-deb --extract kigen_*.deb "$scratch/deb"
dpkg-deb --field kigen_*.deb Depends | grep -q '^libc6 (>= [0-9.]*)$'
[ "$("$scratch/deb/usr/bin/kubectl-kigen" --version)" = "$version" ]
test -s "$scratch/deb/usr/share/man/man1/kigen-up.1.gz"
test -s "$scratch/deb/usr/share/bash-completion/completions/kigen"
test -s "$scratch/deb/usr/share/doc/kigen/copyright"

echo "== image: a read-only root, as user 65532"
if [ "$(id -u)" != 0 ]; then
    echo "NOT TESTED: the image's root file system needs root" >&2
    exit 0
fi
root=$scratch/root
"$root_script" "$root" "$scratch"/kigen-*/kigen
unshare --mount bash -euo pipefail -c '
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
    mount -t tmpfs -o mode=0755,uid=65532,gid=65532 tmpfs "$1/data"
    chroot --userspec=65532:65532 "$1" /usr/local/bin/kigen demo --keep /data/demo
    chroot --userspec=65532:65532 "$1" /usr/local/bin/kigen status --data-dir /data/demo
' -- "$root" >"$scratch/demo"
grep -q 'ml/recommend has no good result' "$scratch/demo"
du -sh "$root" | cut -f 1
