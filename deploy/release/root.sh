#!/usr/bin/env bash
# Assembles the root file system of kigen's image in the folder $1, of the binary $2 and Debian's packages of glibc and of certificates:
# no shell and no package manager. Run by deploy/Dockerfile, and by tests/dist/check.sh where no engine builds images.
set -euo pipefail
binary=$(realpath "$2")
mkdir -p "$1"/{data,etc/ssl/certs,usr/local/bin,usr/share/doc,var/lib/dpkg/status.d}
root=$(realpath "$1")

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
cd "$packages"
# The user that fetches packages in apt's place may not write here.
apt-get download -qq -o APT::Sandbox::User=root base-files ca-certificates libc6
for package in *.deb; do
    name=${package%%_*}
    dpkg-deb --extract "$package" all
    # Where scanners of images look for what is installed.
    dpkg-deb --field "$package" >"$root/var/lib/dpkg/status.d/$name"
    mkdir "$root/usr/share/doc/$name"
    cp "all/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name"
done
for folder in lib lib64; do
    if [ -d "all/$folder" ]; then cp -a "all/$folder" "$root"; fi
done
# As update-ca-certificates does.
sed -e '$a\' all/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
cp all/usr/lib/os-release "$root/etc/os-release"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' 'kigen:x:65532:65532:kigen:/data:/sbin/nologin' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'kigen:x:65532:' >"$root/etc/group"
install -m 755 "$binary" "$root/usr/local/bin/kigen"
chmod -R go=u-w "$root"
