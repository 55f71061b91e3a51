"""The window shows what each stage of a real run took and why it ran, and lets one be cancelled while it goes on."""

import pytest

from workbench.gui import words
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.results import Results
from workbench.gui.watch.run_bar import RunBar
from workbench.gui.watch.run_look import Look
from workbench.gui.watch.stage_marks import cancellable
from workbench.runs.events import OperationStarted, Recorded, RunFinished, RunStarted, WorkMeasured
from workbench.runs.folder import RunWriter
from workbench.runs.state import fold

TOLD = [
    RunStarted(engine="real", combination="ring", seed=1, members=("w0",), stages=("rows", "fit", "score")),
    Recorded(t_s=1.0, who="leader", kind="cached", key="rows", stage="rows", value="unchanged"),
    Recorded(t_s=1.0, who="leader", kind="done", key="rows", stage="rows"),
    Recorded(t_s=1.0, who="leader", kind="due", key="fit", stage="fit", value="code"),
    OperationStarted(t_s=1.0, who="w0", label="perform fit.run", stage="fit"),
    WorkMeasured(t_s=3.4, who="w0", stage="fit", rows_in=1200, rows_out=300, memory_bytes=5_000_000),
]


@pytest.fixture
def run(tmp_path):
    with RunWriter(tmp_path / "real-ring", "format: 1\n") as writer:
        for event in TOLD:
            writer.write(event)
    run = FollowedRun(tmp_path / "real-ring")
    run.state = fold(TOLD)
    return run


def test_the_results_show_the_stages_of_a_real_run_in_the_language_of_the_window(qtbot, run):
    results = Results(Look())
    qtbot.addWidget(results)
    results.show_runs([run])
    rows = {row[0]: row for row in results.stages.stages.rows}
    assert rows["rows"][-1] == "not run again: nothing has changed"
    assert "1,200 → 300" in rows["fit"] and "5 MB" in rows["fit"] and rows["fit"][-1] == "its code changed"
    words.set_language("ja")
    try:
        assert "コードが変わった" in {row[-1] for row in results.stages.stages.rows}
    finally:
        words.set_language("en")


def test_a_simulated_run_shows_no_such_table(qtbot, run):
    results = Results(Look())
    qtbot.addWidget(results)
    run.state.engine = "simulated"
    results.show_runs([run])
    assert results.stages.stages.rows == [] and results.stages.isHidden()


def test_what_is_still_to_be_done_of_a_real_run_can_be_cancelled_from_the_menu(qtbot):
    state = fold(TOLD)
    assert cancellable(state) == ("fit", "score")
    assert cancellable(fold([*TOLD, RunFinished(t_s=4.0, outcome="stopped")])) == ()
    bar = RunBar()
    qtbot.addWidget(bar)
    bar.show_state("running", stages=cancellable(state))
    asked = []
    bar.cancel_asked.connect(asked.append)
    menu = next(a.menu() for a in bar.break_menu().actions() if a.text() == "Cancel a stage")
    assert [action.text() for action in menu.actions()] == ["fit", "score"]
    menu.actions()[0].trigger()
    assert asked == ["fit"]
    bar.show_state("running", stages=())
    assert "Cancel a stage" not in [action.text() for action in bar.break_menu().actions()]
