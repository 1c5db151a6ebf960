#!/usr/bin/env bash
# Makes sure that there is a Chromium for the tests of the pages; CHROMIUM names one off PATH.
set -euo pipefail

found() {
    local name
    for name in ${CHROMIUM:-chromium chromium-browser google-chrome google-chrome-stable}; do
        # Ubuntu's chromium-browser may be a mere pointer to snap: only one that answers counts.
        "$name" --version >/dev/null 2>&1 && return
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}

found && exit
if command -v apt-get >/dev/null; then
    echo "Installing Chromium for the tests of the pages"
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends chromium; } </dev/null >/dev/null || true
    found && exit
fi
echo "make: the tests of the pages need Chromium or Google Chrome on PATH, or named: make test CHROMIUM=/path" >&2
exit 1
