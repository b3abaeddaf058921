#!/bin/sh
# Takes the pictures of messages that the README shows. Needs Debian's chromium, fonts-lato, fonts-noto-cjk,
# fonts-noto-color-emoji, imagemagick and pngquant.
#   docs/pictures/make.sh target/debug/kigen
set -eu
kigen=$1
here=$(dirname "$0")
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"$kigen" notify --preview "$pages"
while read -r page picture; do
    chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size=800,1400 \
        --screenshot="$pages/all.png" "file://$pages/$page.html" 2>/dev/null
    convert "$pages/all.png" -trim -bordercolor white -border 12 -resize 720x "$pages/one.png"
    pngquant --quality 40-80 --strip --force --output "$here/$picture.png" "$pages/one.png"
done <<END
en/missed-failed missed.en
ja/missed-never-started-after-its-source source.ja
END
