"""The window: how soon it shows the quickstart, and what a pipeline of a thousand stages costs."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTED = """
import time; began = time.perf_counter()
from PySide6.QtWidgets import QApplication
app = QApplication([])
from workbench.gui.window import start
from pathlib import Path
window = start(app, Path("scenarios/quickstart.yaml"))
window.show()
app.processEvents(); window.grab()
print(time.perf_counter() - began)
window.running.close_down()
import os; os._exit(0)
"""


def surroundings():
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={ROOT / 'tests' / 'gui' / 'offscreen.json'}"
    os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"
    os.environ["WORKBENCH_HOME"] = tempfile.mkdtemp()


def thousand():
    """A thousand stages in forty columns, each joined to the one before it."""
    from workbench.document.scenario import Link, Pipeline, Position, Scenario, StageUse

    stages = tuple(StageUse(id=f"s{i}", use="pca") for i in range(1000))
    links = tuple(Link(source=f"s{i}.dataset", target=f"s{i + 1}.dataset") for i in range(999))
    layout = {f"s{i}": Position(x=216 * (i // 25), y=120 * (i % 25)) for i in range(1000)}
    return Scenario(pipeline=Pipeline(stages=stages, links=links), layout=layout)


def told(what, seconds, bar):
    print(f"{what:<58} {seconds * 1000:>8.1f} ms   (bar: {bar})")


def median_s(work, times=15):
    spent = []
    for i in range(times):
        began = time.process_time()
        work(i)
        spent.append(time.process_time() - began)
    return sorted(spent)[times // 2]


def large_pipeline():
    from PySide6.QtWidgets import QApplication

    from workbench.document import edits, text
    from workbench.document.scenario import Position
    from workbench.gui import theme
    from workbench.gui.preferences import Preferences
    from workbench.gui.window import MainWindow

    app = QApplication([])
    theme.apply(app, "dark")
    window = MainWindow(Preferences())
    window.show()
    app.processEvents()
    file = Path(os.environ["WORKBENCH_HOME"]) / "thousand.yaml"
    file.write_text(text.rewrite(text.new(), thousand()), encoding="utf-8")
    began = time.perf_counter()
    window.editor.open(file)
    window.grab()
    told("open 1,000 stages, checked and painted", time.perf_counter() - began, "1 s")
    view, scene = window.canvas.view, window.canvas.scene

    def drag(i):
        scene.shift({"s500": Position(x=4320 + 24 * (i % 3), y=24.0 * i)})
        view.viewport().repaint()

    view.zoom_to(1.0)
    view.centerOn(scene.nodes["s500"])
    told("drag one of 1,000 stages, a frame, CPU", median_s(drag), "8 ms")
    view.fit()
    told("repaint 1,000 stages seen from far away, CPU", median_s(lambda i: view.viewport().repaint()), "8 ms")

    def edit(i):
        window.editor.edit(edits.move(window.editor.scenario, {"s500": Position(x=24.0 * i + 24, y=0)}))

    told("one edit among 1,000 stages, CPU", median_s(edit, 5), "100 ms")
    window.running.close_down()


def main():
    surroundings()
    times = []
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=True)
        times.append(float(run.stdout))
    told("from start to the first picture of the quickstart (of 3)", min(times), "2 s")
    large_pipeline()


if __name__ == "__main__":
    main()
