#!/bin/sh
# Builds the wheel and installs it without its dependencies beside those of .venv: what it holds must be complete.
set -eu
cd "$(dirname "$0")/.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$room" .
.venv/bin/python -m venv "$room/venv"
"$room/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$room"/workbench_ml-*.whl
site=$("$room/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$site/dependencies-of-the-checkout.pth"
cd "$room"
"$room/venv/bin/workbench" --version
"$room/venv/bin/python" - <<'PY'
import pathlib, workbench
home = pathlib.Path(workbench.__file__).parent
assert "site-packages" in str(home) and "venv" in str(home), home
assert list((home / "gui" / "assets").rglob("*.svg")), "the wheel lacks the window's icons"
PY
