#!/bin/sh
# Sets up .venv with all that the Workbench needs. System packages come by apt where that may be used; otherwise they are
# listed. Done once: a stamp remembers for which pyproject.toml.
set -eu
cd "$(dirname "$0")"

PYTHON=${PYTHON:-python3}
STAMP=.venv/.workbench-setup
WANTED=$(cksum < pyproject.toml)
[ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$WANTED" ] && exit 0

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $("$PYTHON" --version) was found. Name another one with PYTHON=… make …" >&2
    exit 69
}

PACKAGES="libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 fonts-noto-cjk"
"$PYTHON" -c 'import ensurepip, venv' 2> /dev/null || PACKAGES="$PACKAGES python3-venv"
if command -v dpkg-query > /dev/null; then
    MISSING=""
    for package in $PACKAGES; do
        dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' \
            || dpkg-query -W -f '${Status}' "${package}t64" 2> /dev/null | grep -q 'ok installed' \
            || MISSING="$MISSING $package"
    done
    if [ -n "$MISSING" ]; then
        if [ "$(id -u)" = 0 ]; then SUDO=""; else SUDO="sudo -n"; fi
        if [ "$(id -u)" = 0 ] || sudo -n true 2> /dev/null; then
            echo "installing system packages:$MISSING"
            $SUDO apt-get update -qq
            DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y -qq --no-install-recommends $MISSING > /dev/null
        else
            echo "These system packages are needed, and apt may not be used from here. Ask for:" >&2
            echo "    sudo apt-get install --no-install-recommends$MISSING" >&2
            exit 69
        fi
    fi
fi

[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
echo "$WANTED" > "$STAMP"
