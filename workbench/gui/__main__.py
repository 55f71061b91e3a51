"""`python -m workbench.gui [file]`: the window."""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
from pathlib import Path


def main() -> int:
    """Show the window until it is closed; exit code 69 where there is no screen."""
    parser = argparse.ArgumentParser(prog="python -m workbench.gui", description="The window of the Workbench.")
    parser.add_argument("file", nargs="?", type=Path, help="scenario to open; the quickstart if none is given")
    chosen = parser.parse_args()
    if sys.platform.startswith("linux") and not _screen():
        print("There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set.", file=sys.stderr)
        return 69
    faulthandler.enable()
    from PySide6.QtWidgets import QApplication

    from workbench.gui.window import start

    app = QApplication(sys.argv[:1])
    app.setApplicationName("Workbench")
    app.setDesktopFileName("workbench")
    window = start(app, chosen.file)
    window.show()
    return app.exec()


def _screen() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    raise SystemExit(main())
