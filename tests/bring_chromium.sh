#!/bin/sh
# A Chromium for the browser tests: an installed one, else what the platform can install. Without one they skip, loudly.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "$TEST_CHROMIUM" ] && exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null 2>&1; then
    echo "==> Installing Chromium for the browser tests"
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q chromium
elif command -v brew >/dev/null 2>&1; then
    brew install --quiet --cask chromium
fi
command -v chromium >/dev/null 2>&1 || echo "!!! No Chromium here and none could be installed: the browser tests will be skipped."
exit 0
