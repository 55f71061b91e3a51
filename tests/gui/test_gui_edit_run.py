"""A pipeline is opened, run by the true engine, struck, changed and saved, in one window."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from workbench.gui import dialogs
from workbench.gui.window import start
from workbench.stages import trust

SCENARIOS = Path(__file__).parents[2] / "scenarios"
LONG_MS = 90_000


@pytest.fixture
def scenario(tmp_path):
    """The quickstart with more steps, so that it goes on while we look, and without a fault of its own."""
    text = (SCENARIOS / "quickstart.yaml").read_text(encoding="utf-8")
    head, rest = text.split("faults:\n")
    path = tmp_path / "mine.yaml"
    path.write_text(head.replace("epochs: 30", "epochs: 300") + rest[rest.index("run:") :], encoding="utf-8")
    return path


def test_a_run_shows_on_charts_and_stages_before_it_ends_and_a_struck_worker_is_told(hands, qtbot, scenario):
    window, running = hands.window, hands.window.running
    hands.editor.open(scenario)
    running.bar.combination.setCurrentIndex(1)
    running.bar.speed.setCurrentIndex(1)
    running.run(["simulated"])
    qtbot.waitUntil(lambda: any(run.state.steps_done > 100 for run in running.follower.runs), timeout=LONG_MS)
    assert running.is_running
    nodes = hands.view.canvas.nodes
    told = lambda: {name: nodes[name].status and nodes[name].status.state for name in ("digits", "save")}  # noqa: E731
    qtbot.waitUntil(lambda: told() == {"digits": "done", "save": "waiting"}, timeout=LONG_MS)
    running.client.break_worker("w1", "crash")
    qtbot.waitUntil(lambda: not running.is_running, timeout=LONG_MS)
    qtbot.waitUntil(lambda: nodes["save"].status.state == "done", timeout=LONG_MS)
    failures = running.follower.newest.state.failures
    assert [worker for _, worker, _ in failures] == ["w1"]
    hands.canvas.select(["save"])
    hands.do("edit.delete")
    hands.do("edit.undo")
    assert hands.editor.document.text == scenario.read_text(encoding="utf-8")
    hands.editor.save()
    assert not hands.editor.unsaved and window.windowTitle().startswith("mine.yaml")
    hands.editor.new()
    assert hands.view.canvas.nodes == {}


def test_a_document_with_mistakes_is_not_run_and_says_so(hands, qtbot):
    hands.drop("prepare", 160, 160)
    hands.window.running.run(["simulated"])
    assert not hands.window.running.is_running
    assert "mend" in hands.canvas.hint.text()
    assert hands.window.tabs.currentWidget() is hands.window.problems


def test_code_of_the_users_is_run_for_real_only_after_a_yes(hands, tmp_path, monkeypatch):
    code = tmp_path / "step.py"
    code.write_text("def run(table):\n    return table\n", encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(OWN_CODE, encoding="utf-8")
    hands.editor.open(tmp_path / "mine.yaml")
    asked = []
    monkeypatch.setattr(dialogs, "trust_dialog", lambda file, digest, parent=None: asked.append(file) and False)
    hands.window.running.run(["real"])
    assert asked == [code] and not hands.window.running.is_running
    assert not trust.is_trusted(trust.digest_of(code.read_bytes()))
    monkeypatch.setattr(dialogs, "trust_dialog", lambda file, digest, parent=None: True)
    assert hands.window.running._trusted()
    assert trust.is_trusted(trust.digest_of(code.read_bytes()))


def test_the_window_of_a_new_user_opens_on_the_quickstart_and_runs_it(qtbot, own_home):
    window = start(QApplication.instance(), None)
    qtbot.addWidget(window)
    window.show()
    assert window.files.name == "quickstart.yaml"
    qtbot.waitUntil(lambda: len(window.running.follower.runs) == 2, timeout=LONG_MS)
    assert len(list((own_home / "runs").iterdir())) == 1
    qtbot.waitUntil(lambda: not window.running.is_running, timeout=LONG_MS)


OWN_CODE = """\
format: 1
name: My code
pipeline:
  stages:
    - {id: digits, use: sample}
    - {id: mine, use: python, with: {file: step.py}}
  links:
    - digits.table -> mine.table
"""
