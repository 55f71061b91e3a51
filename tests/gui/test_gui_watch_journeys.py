"""Journeys through the watch panel with an engine that speaks the protocol and writes real run folders."""

import sys
from pathlib import Path

import pytest
from fake_engine import STEPS
from PySide6.QtCore import QProcess, QTimer
from PySide6.QtWidgets import QApplication

from workbench.document.scenario import Cluster, Combination, Scenario, WorkerPool
from workbench.gui import words
from workbench.gui.watch.engine_client import EngineClient
from workbench.gui.watch.panel import WatchPanel
from workbench.runs.folder import RunReader, read_run, runs_in

FAKE = str(Path(__file__).with_name("fake_engine.py"))
SCENARIO = Scenario(
    cluster=Cluster(workers=(WorkerPool(count=4),)), architectures=(Combination(id="ring"), Combination(id="server"))
)


def panel_with(qtbot, tmp_path, *options: str) -> WatchPanel:
    folder = tmp_path / "study"
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("format: 1\n")
    panel = WatchPanel(lambda: (scenario, folder), EngineClient(program=[sys.executable, FAKE, *options]))
    qtbot.addWidget(panel, before_close_func=lambda panel: panel.close_down())
    qtbot.addWidget(panel.bar)
    panel.show_scenario(SCENARIO)
    panel.resize(1100, 320)
    panel.show()
    panel.bar.show()
    return panel


@pytest.fixture
def panel(qtbot, tmp_path) -> WatchPanel:
    return panel_with(qtbot, tmp_path)


def throughput_points(panel: WatchPanel) -> int:
    return sum(len(curve.line.x) for curve in panel.charts.throughput.curves)


def log_of(panel: WatchPanel) -> str:
    return "\n".join(line.words for line in panel.log.model.shown)


def choose_combination(panel: WatchPanel, id: str) -> None:
    panel.bar.combination.setCurrentIndex(panel.bar.combination.findData(id))


def test_the_charts_move_before_the_run_has_finished(qtbot, panel):
    choose_combination(panel, "ring")
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: throughput_points(panel) > 0, timeout=20_000)
    first = panel.charts.throughput.curves[0].line.x[-1]
    qtbot.waitUntil(lambda: panel.charts.throughput.curves[0].line.x[-1] > first, timeout=20_000)
    assert panel.is_running
    assert panel.client.is_busy
    assert panel.follower.runs[0].state.steps_done < STEPS
    assert panel.charts.throughput.curves[0].line.y.max() > 1000


def test_both_engines_and_all_combinations_end_in_a_row_of_figures_each(qtbot, panel):
    panel.bar.speed.setCurrentIndex(panel.bar.speed.findData(0.0))
    panel.bar.both.click()
    qtbot.waitUntil(lambda: panel.bar.state == "finished", timeout=30_000)
    qtbot.waitUntil(lambda: not panel.follower.is_active, timeout=20_000)
    panel.tabs.setCurrentIndex(3)
    model = panel.results.model
    rows = [[model.index(row, column).data() for column in range(model.columnCount())] for row in range(4)]
    assert [row[:3] for row in rows] == [
        ["ring", "simulated", "extrapolated"],
        ["ring", "real", "measured"],
        ["server", "simulated", "extrapolated"],
        ["server", "real", "measured"],
    ]
    assert {row[5] for row in rows} == {str(STEPS)}
    assert [curve.dashed for curve in panel.charts.throughput.curves] == [True, False, True, False]
    colours = [curve.token for curve in panel.charts.throughput.curves]
    assert colours[0] == colours[1] != colours[2] == colours[3]
    assert len(panel.charts.loss.curves) == 2  # only real runs measure one


def test_a_worker_broken_by_hand_shows_on_chart_timeline_and_log(qtbot, panel):
    choose_combination(panel, "ring")
    assert not panel.bar.break_.isEnabled()
    panel.bar.real.click()
    qtbot.waitUntil(lambda: throughput_points(panel) > 0, timeout=20_000)
    assert panel.bar.break_.isEnabled()
    crash = next(action for action in panel.bar.break_menu().actions() if action.text() == "Crash w2")
    crash.trigger()
    run = panel.follower.runs[0]
    qtbot.waitUntil(lambda: "w2 is lost (crash)" in log_of(panel), timeout=20_000)
    panel.bar.pause.click()  # so that there is a run left to stop
    marks = panel.charts.throughput.marks
    assert [(mark.kind, mark.worker) for mark in marks] == [("crash", "w2")]
    panel.tabs.setCurrentIndex(1)
    row = panel.timeline.timeline.lanes[0].rows["w2", ""]
    assert [stretch.kind for stretch in row.stretches] == ["lost"]
    qtbot.waitUntil(lambda: not panel.bar.break_menu().actions()[2].isEnabled(), timeout=20_000)
    panel.bar.stop.click()
    qtbot.waitUntil(lambda: panel.bar.state == "stopped", timeout=20_000)
    qtbot.waitUntil(lambda: run.state.outcome == "stopped", timeout=20_000)
    assert not panel.bar.break_.isEnabled()


def test_what_was_broken_in_a_simulated_run_can_be_mended_by_hand(qtbot, panel):
    choose_combination(panel, "ring")
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: throughput_points(panel) > 0, timeout=20_000)
    offered = lambda: {action.text(): action for action in panel.bar.break_menu().actions()}  # noqa: E731
    assert not [text for text in offered() if text.startswith("Mend")]
    offered()["Crash w2"].trigger()
    run = panel.follower.runs[0]
    qtbot.waitUntil(lambda: "Mend: crash w2" in offered(), timeout=20_000)
    words.set_language("ja")
    assert "直す: クラッシュ w2" in offered()
    words.set_language("en")
    offered()["Mend: crash w2"].trigger()
    commands = lambda: [(c["command"], c.get("worker"), c.get("kind")) for c in RunReader(run.path).commands()]  # noqa: E731
    qtbot.waitUntil(lambda: ("mend", "w2", "crash") in commands(), timeout=20_000)


def test_links_are_offered_to_be_broken_only_where_a_run_shapes_them_and_all_else_in_every_run(qtbot, panel):
    offered = lambda: {action.text(): action for action in panel.bar.break_menu().actions()}  # noqa: E731
    choose_combination(panel, "ring")
    panel.bar.real.click()
    qtbot.waitUntil(lambda: throughput_points(panel) > 0, timeout=20_000)
    panel.bar.pause.click()
    assert {"slow-down", "storage full", "checkpoint corrupt"} <= set(offered())
    assert not {"slow link", "cut off"} & set(offered())
    panel.bar.stop.click()
    qtbot.waitUntil(lambda: panel.bar.state == "stopped", timeout=20_000)
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: "slow link" in offered(), timeout=20_000)
    panel.bar.pause.click()
    asked = []
    panel.bar.break_asked.connect(lambda worker, kind: asked.append((worker, kind)))
    menus = {text: action.menu() for text, action in offered().items() if action.menu()}
    assert list(menus) == ["slow-down", "slow link", "cut off"]
    for menu in menus.values():
        next(action for action in menu.actions() if action.text() == "w1").trigger()
    offered()["storage full"].trigger()
    offered()["checkpoint corrupt"].trigger()
    kinds = [("w1", "slow-down"), ("w1", "slow-link"), ("w1", "partition")]
    assert asked == [*kinds, ("", "storage-full"), ("", "corrupt-checkpoint")]


def test_pause_holds_the_run_and_resume_lets_it_go_on(qtbot, panel):
    choose_combination(panel, "server")
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: throughput_points(panel) > 0, timeout=20_000)
    panel.bar.pause.click()
    assert panel.bar.state == "paused"
    assert panel.bar.pause.text() == "Resume"
    run = panel.follower.runs[0]
    commands = lambda: [said["command"] for said in run_commands(run.path)]  # noqa: E731
    qtbot.waitUntil(lambda: commands() == ["pause"], timeout=20_000)
    panel.bar.speed.setCurrentIndex(panel.bar.speed.findData(100.0))
    panel.bar.pause.click()
    qtbot.waitUntil(lambda: panel.bar.state == "finished", timeout=20_000)
    assert commands() == ["pause", "speed", "resume"]


def run_commands(path: Path) -> list[dict]:
    from workbench.runs.folder import RunReader

    return RunReader(path).commands()


def test_a_dead_engine_is_said_in_words_and_started_again(qtbot, tmp_path):
    panel = panel_with(qtbot, tmp_path, "--dies-at", "60")
    choose_combination(panel, "ring")
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: panel.bar.state == "died", timeout=20_000)
    assert panel.bar.word.text() == "The engine died"
    assert "Fatal: out of memory" in log_of(panel)
    qtbot.waitUntil(lambda: panel.follower.runs[0].broken_off, timeout=20_000)
    qtbot.waitUntil(lambda: "broken off" in log_of(panel), timeout=20_000)
    panel.tabs.setCurrentIndex(3)
    assert panel.results.model.index(0, 3).data() == "Broken off"
    qtbot.waitUntil(lambda: panel.client.is_ready, timeout=20_000)
    assert panel.bar.simulate.isEnabled()


def test_an_engine_that_cannot_start_is_not_started_for_ever(qtbot, tmp_path):
    client = EngineClient(program=[sys.executable, FAKE, "--silent"])
    deaths: list[str] = []
    client.died.connect(deaths.append)
    client.start()
    qtbot.waitUntil(lambda: len(deaths) == 3, timeout=30_000)
    qtbot.wait(700)
    assert deaths == ["no engine here"] * 3
    assert client.process_id == 0
    client.close()


def test_closing_leaves_no_timer_and_no_process(qtbot, panel):
    panel.client.start()
    qtbot.waitUntil(lambda: panel.client.is_ready, timeout=20_000)
    process = panel.client.findChild(QProcess)
    panel.close_down()
    assert process.state() == QProcess.ProcessState.NotRunning
    assert panel.client.process_id == 0
    assert [timer for timer in panel.findChildren(QTimer) if timer.isActive()] == []
    assert [timer for timer in panel.client.findChildren(QTimer) if timer.isActive()] == []


def test_a_run_goes_on_to_its_end_after_the_window_is_closed(qtbot, panel, tmp_path):
    choose_combination(panel, "ring")
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: throughput_points(panel) > 0, timeout=20_000)
    panel.close_down()
    path = runs_in(tmp_path / "study")[0]
    qtbot.waitUntil(lambda: type(read_run(path)[-1]).__name__ == "RunFinished", timeout=30_000)
    assert read_run(path)[-1].outcome == "finished"


def test_the_newest_run_tells_the_canvas_how_its_stages_stand(qtbot, panel):
    told: list[tuple[dict, dict]] = []
    panel.stage_status_changed.connect(lambda marks, shares: told.append((marks, shares)))
    choose_combination(panel, "ring")
    panel.bar.simulate.click()
    qtbot.waitUntil(lambda: any(0 < shares.get("train", 0) < 1 for _, shares in told), timeout=20_000)
    qtbot.waitUntil(lambda: panel.bar.state == "finished", timeout=20_000)
    qtbot.waitUntil(lambda: {mark.status for mark in told[-1][0].values()} == {"done"}, timeout=20_000)
    assert list(told[-1][0]) == ["data", "prepare", "train", "evaluate", "save"]


def test_every_control_has_a_name_in_both_languages(qtbot, panel):
    for language in ("en", "ja"):
        words.set_language(language)
        named = [panel.bar.simulate, panel.bar.real, panel.bar.both, panel.bar.pause, panel.bar.stop, panel.bar.break_]
        named += [panel.bar.combination, panel.bar.speed, panel.bar.bar, panel.time_bar.slider, panel.time_bar.live]
        named += [panel.log.search, panel.log.severity, panel.log.view, panel.results.table, panel.timeline.chooser]
        named += [panel.timeline.timeline, *(chart.plot for chart in panel.charts.all)]
        assert [type(widget).__name__ for widget in named if not widget.accessibleName()] == []


def test_nothing_is_asked_of_the_engine_when_there_is_nothing_that_can_run(qtbot, tmp_path):
    panel = WatchPanel(lambda: None, EngineClient(program=[sys.executable, FAKE]))
    qtbot.addWidget(panel, before_close_func=lambda panel: panel.close_down())
    panel.simulate()
    assert panel.client.process_id == 0
    assert not panel.is_running
    QApplication.processEvents()
