"""Pictures of the window for the README, offscreen: `.venv/bin/python tests/pictures.py FOLDER`."""

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={ROOT / 'tests' / 'gui' / 'offscreen.json'}"
os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"
os.environ["WORKBENCH_HOME"] = tempfile.mkdtemp()

from PySide6.QtWidgets import QApplication  # noqa: E402 - the platform must be chosen before

from workbench.gui import theme  # noqa: E402
from workbench.gui.window import start  # noqa: E402


class Camera:
    """The window, and a way to look at it while time passes."""

    def __init__(self, folder, scenario):
        self.folder = folder
        self.app = QApplication.instance() or QApplication(["workbench"])
        self.window = start(self.app, scenario)
        self.window.resize(1440, 900)
        self.window.show()
        self.pass_time(1.5)

    def pass_time(self, seconds):
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            self.app.processEvents()
            time.sleep(0.005)

    def wait_until(self, holds, seconds=60.0):
        ends_s = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < ends_s, "it did not happen"
            self.pass_time(0.05)

    def shoot(self, name):
        for scheme in ("light", "dark"):
            theme.apply(self.app, scheme)
            self.pass_time(0.4)
            self.window.grab().save(str(self.folder / f"{name}-{scheme}.png"))
        theme.apply(self.app, "light")
        self.pass_time(0.1)


def longer(folder):
    """The quickstart with more to do, so that a picture can be taken while it runs."""
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    path = folder / "quickstart.yaml"
    path.write_text(
        text.replace("epochs: 30", "epochs: 500").replace("at_step: 300", "at_step: 4000").replace("660", "11000")
    )
    return path


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp())
    blank = room / "untitled.yaml"
    blank.write_text("format: 1\nname: Untitled\n")
    empty = Camera(folder, blank)
    empty.shoot("empty")
    empty.window.close()
    camera = Camera(folder, longer(room))
    camera.shoot("designing")
    running = camera.window.running
    running.run(["simulated"])
    camera.wait_until(lambda: any(run.state.steps_done > 2500 for run in running.follower.runs))
    camera.shoot("running")
    camera.wait_until(lambda: not running.client.is_busy)
    running.run(["simulated", "real"])
    camera.wait_until(lambda: not running.client.is_busy, 120)
    camera.shoot("failure")
    running.tabs.setCurrentIndex(1)
    camera.pass_time(0.5)
    camera.shoot("timeline")
    camera.window.close()
    camera.pass_time(1.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    os._exit(0)  # Qt's own end is of no interest
