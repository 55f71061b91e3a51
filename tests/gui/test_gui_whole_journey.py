"""One person's journey from an empty canvas to a broken worker, with the engine that users have."""

from workbench.document import edits
from workbench.gui.watch.engine_client import EngineClient
from workbench.runs.events import FaultBegan, WorkerFailed
from workbench.runs.folder import read_run, runs_in


def points(window):
    return sum(len(curve.line.x) for curve in window.running.charts.throughput.curves)


def draw(hands):
    hands.drop("sample", 120, 120)
    hands.drop("prepare", 380, 120)
    hands.drop("train", 640, 120)
    hands.connect("sample.table", "prepare.table")
    hands.connect("prepare.dataset", "train.dataset")
    change = edits.set_parameter(hands.editor.scenario, "train", "epochs", 3000)
    change = edits.set_field(change, "cluster.workers", [{"id": "w", "count": 2}])
    hands.editor.edit(change)


def break_and_stop(hands, qtbot, engine):
    """Run what is drawn, kill a worker once the chart moves, and stop when its failure has been told."""
    panel = hands.window.running

    panel.run([engine])
    qtbot.waitUntil(lambda: bool(panel.follower.runs) and points(hands.window) > 3, timeout=60_000)
    assert panel.client.is_busy, "the chart moves before the run has finished"
    first = max(curve.line.x[-1] for curve in panel.charts.throughput.curves if len(curve.line.x))
    qtbot.waitUntil(
        lambda: max(c.line.x[-1] for c in panel.charts.throughput.curves if len(c.line.x)) > first, timeout=20_000
    )
    panel.client.break_worker("w1", "crash")
    qtbot.waitUntil(lambda: any(run.state.failures for run in panel.follower.runs), timeout=20_000)
    panel.client.stop()
    qtbot.waitUntil(lambda: not panel.client.is_busy, timeout=20_000)


def test_a_pipeline_is_drawn_run_on_both_engines_broken_undone_saved_and_opened_again(hands, qtbot, tmp_path):
    hands.editor.save(tmp_path / "mine.yaml")
    draw(hands)
    assert isinstance(hands.window.running.client, EngineClient)
    for engine in ("simulated", "real"):
        break_and_stop(hands, qtbot, engine)
        (run,) = [run for run in runs_in(hands.window.running.follower.folder) if run.name.startswith(engine)]
        events = read_run(run)
        assert [(e.kind, e.worker, e.origin) for e in events if isinstance(e, FaultBegan)] == [
            ("crash", "w1", "command")
        ]
        assert [e.worker for e in events if isinstance(e, WorkerFailed)] == ["w1"]
    drawn = hands.editor.document.text
    hands.do("edit.undo")
    assert hands.editor.document.text != drawn
    hands.do("edit.redo")
    hands.editor.save()
    hands.editor.new()
    hands.editor.open(tmp_path / "mine.yaml")
    assert hands.editor.document.text == drawn
    assert hands.links == ["sample.table -> prepare.table", "prepare.dataset -> train.dataset"]
