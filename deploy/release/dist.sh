#!/usr/bin/env bash
# Builds what a release consists of into the folder $1, by the tools in the folder $2: a tarball, a Debian package, the SBOM, and the
# checksums of all. Run by `make dist`, on Debian 12: the oldest glibc on which the binary runs is that of this machine.
#
# What is committed is built. All times are those of the commit.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$1"
out=$(realpath "$1")
export PATH="$2:$PATH"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR

source=$CARGO_TARGET_DIR/release-source
rm -rf "$source"
mkdir -p "$source"
git archive HEAD | tar --extract --touch --directory "$source"
cd "$source"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=kigen-$version-$(uname -m)-linux
package=dist/$name

deploy/release/binary.sh "$package/kigen"
# As a plugin, kubectl runs it by this name.
ln -s kigen "$package/kubectl-kigen"
"$package/kigen" generate "$package"
gzip --best --no-name "$package"/man/*
install -m 644 LICENSE* README.md CHANGELOG.md examples/kigen.toml deploy/objectives.crd.yaml "$package"
triple=$(rustc --version --verbose | sed -n 's/^host: //p')
cargo about generate --offline --locked --fail --target "$triple" --config deploy/release/about.toml --output-file "$package/LICENSES-OF-DEPENDENCIES" \
    deploy/release/licenses.hbs
# With build dependencies: OpenSSL is one of these, and is linked in.
cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$triple" --override-filename sbom
sed "s|file://$source|file:///kigen|g" sbom.json >"$package/kigen.cdx.json"

cp "$package/kigen.cdx.json" "$out/$name.cdx.json"
tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --directory dist "$name" |
    gzip --best --no-name >"$out/$name.tar.gz"
# Where the list of files in Cargo.toml finds them.
ln -s "$name" dist/package
cargo deb --quiet --no-build --no-strip --output "$out/"
cd "$out"
sha256sum -- "$name".tar.gz "$name".cdx.json kigen_"$version"-*.deb | tee SHA256SUMS
