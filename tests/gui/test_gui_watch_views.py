"""Old studies in the views: following, going back in time, timeline, log, looks."""

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from watch_story import Story
from watch_study import write_run, write_study

from workbench.gui import theme, words
from workbench.gui.watch import timeline_ink
from workbench.gui.watch.engine_client import EngineClient
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.follower import StudyFollower
from workbench.gui.watch.lanes import COMMUNICATE, PERFORM, WAIT, LaneBars, kind_of
from workbench.gui.watch.panel import WatchPanel
from workbench.gui.watch.timeline import NAMES
from workbench.runs.events import RunStarted
from workbench.runs.folder import RunWriter
from workbench.runs.spans import Span


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), steps=60)


@pytest.fixture
def panel(qtbot, study) -> WatchPanel:
    panel = WatchPanel(lambda: None, EngineClient(program=["there-is-no-engine"]))
    qtbot.addWidget(panel, before_close_func=lambda panel: panel.close_down())
    panel.resize(1100, 320)
    panel.show()
    panel.show_study(study)
    qtbot.waitUntil(lambda: len(panel.follower.runs) == 4 and not panel.follower.is_active, timeout=20_000)
    return panel


def test_an_old_study_is_shown_whole_and_the_timer_rests(panel):
    assert [run.state.outcome for run in panel.follower.runs] == ["finished"] * 4
    assert [len(curve.line.x) > 0 for curve in panel.charts.throughput.curves] == [True] * 4
    assert not panel.follower.is_active


def test_the_slider_shows_the_runs_as_they_were_and_live_brings_back_the_end(qtbot, panel):
    whole = [run.state.steps_done for run in panel.follower.runs]
    panel.follower.show_until(0.9)
    qtbot.waitUntil(lambda: not panel.follower.is_active, timeout=20_000)
    states = [run.state for run in panel.follower.runs]
    assert all(state.t_s <= 0.9 and state.outcome == "" for state in states)
    assert all(0 < state.steps_done < 60 for state in states)
    assert all(curve.line.x[-1] <= 0.9 for curve in panel.charts.throughput.curves)
    panel.time_bar.go_live()
    qtbot.waitUntil(lambda: [run.state.steps_done for run in panel.follower.runs] == whole, timeout=20_000)


def test_going_back_shows_the_same_state_as_never_having_been_further(study):
    path = study / "real-ring"
    back, first = FollowedRun(path), FollowedRun(path)
    back.advance(time.perf_counter() + 60)
    assert back.state.outcome == "finished"
    for run in (back, first):
        run.show_until(1.1)
        run.advance(time.perf_counter() + 60)
    assert back.state == first.state
    assert back.generation == 1


def test_a_slice_of_work_ends_when_its_time_is_over(study):
    run = FollowedRun(study / "real-server")
    slices = 0
    while run.advance(time.perf_counter()) or run.is_behind:
        slices += 1
    assert slices > 5
    assert run.state.outcome == "finished"


def test_a_run_whose_writer_is_gone_is_broken_off_and_a_live_one_is_not(qtbot, tmp_path):
    follower = StudyFollower()
    with RunWriter(tmp_path / "study" / "real-ring", "format: 1\n") as writer:
        writer.write(RunStarted(engine="real", combination="ring", seed=1))
        writer.flush()
        follower.follow(tmp_path / "study")
        qtbot.waitUntil(lambda: bool(follower.runs) and follower.runs[0].state.engine == "real", timeout=20_000)
        qtbot.wait(400)
        assert not follower.runs[0].broken_off
        assert follower.is_active
    qtbot.waitUntil(lambda: follower.runs[0].broken_off, timeout=20_000)
    qtbot.waitUntil(lambda: not follower.is_active, timeout=20_000)


def test_a_folder_that_cannot_be_read_says_why(qtbot, tmp_path):
    path = write_run(tmp_path, Story("real", "ring", steps=3))
    with open(path / "events.jsonl", "a") as file:
        file.write('{"type":"Nonsense"}\n')
    run = FollowedRun(path)
    run.advance(time.perf_counter() + 60)
    assert "Nonsense" in run.unreadable
    assert run.is_over


def test_the_lost_and_the_frozen_are_hatched_on_their_lanes(panel):
    panel.tabs.setCurrentIndex(1)
    panel.timeline.chooser.setCurrentIndex(1)  # all runs
    kinds = {
        (lanes.run.name, row.name): [stretch.kind for stretch in row.stretches]
        for lanes in panel.timeline.timeline.lanes
        for row in lanes.rows.values()
        if row.stretches
    }
    assert kinds == {
        ("simulated-ring", "w2"): ["lost"],
        ("simulated-server", "w1"): ["frozen"],
        ("real-ring", "w2"): ["lost"],
        ("real-server", "w1"): ["frozen"],
    }


def test_what_lies_under_the_mouse_is_told_with_its_duration(panel):
    panel.tabs.setCurrentIndex(1)
    timeline = panel.timeline.timeline
    timeline.show_range(0.0, 0.2)
    row = timeline.lanes[0].rows["w0", ""]
    span = row.bars.spans[0]
    top = next(top for each, top in timeline._rows() if each is row)
    x = NAMES + (span.start_s + span.end_s) / 2 / 0.2 * timeline._width()
    found = timeline.span_at(QPointF(x, top + 10))
    assert found is not None
    assert found[1].label == "perform data.run"
    assert timeline.span_at(QPointF(5, top + 10)) is None


def test_keys_and_wheel_zoom_and_move_and_home_shows_all(qtbot, panel):
    panel.tabs.setCurrentIndex(1)
    timeline = panel.timeline.timeline
    whole = timeline.shown_s
    qtbot.keyClick(timeline, Qt.Key.Key_Plus)
    low, high = timeline.shown_s
    assert high - low == pytest.approx((whole[1] - whole[0]) / 1.25)
    qtbot.keyClick(timeline, Qt.Key.Key_Right)
    assert timeline.shown_s[0] == pytest.approx(low + 0.1 * (high - low))
    place = QPointF(NAMES + 200, 60)
    before = timeline._time_at(place.x())
    wheel = QWheelEvent(
        place,
        timeline.viewport().mapToGlobal(place),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(timeline.viewport(), wheel)
    assert timeline._time_at(place.x()) == pytest.approx(before)
    qtbot.keyClick(timeline, Qt.Key.Key_Home)
    assert timeline.shown_s == whole


def test_of_many_bars_only_those_in_sight_are_painted_and_narrow_ones_are_merged():
    bars = LaneBars()
    kinds = ("perform", "all-reduce")
    bars.take([Span(i * 0.01, i * 0.01 + 0.008, kinds[i % 2], "x", "", "finished") for i in range(100_000)])
    far = bars.seen(0.0, 1000.0, 800)
    assert len(far.x) == 0
    assert far.column_share == pytest.approx(np.full(800, 0.8), abs=0.05)
    near = bars.seen(500.0, 500.2, 800)
    assert 19 <= len(near.x) <= 22
    assert set(near.kind.tolist()) == {PERFORM, COMMUNICATE}
    assert bars.spans[int(near.span[0])].start_s == pytest.approx(500.0, abs=0.011)


def test_waiting_for_a_task_is_no_communication_and_waiting_for_weights_is():
    def span(label: str) -> Span:
        return Span(0, 1, label.split()[0], label, "", "finished")

    assert kind_of(span("receive do from leader")) == WAIT
    assert kind_of(span("receive weights from w0")) == COMMUNICATE


def test_ruler_times_tell_neighbours_apart_however_far_it_is_zoomed_in():
    for low, high in ((0, 10), (3.05, 3.2), (3.0512, 3.0514), (0, 7200), (7000, 7001)):
        said = [text for _, text in timeline_ink.ticks(low, high, 900)]
        assert len(said) >= 4
        assert len(set(said)) == len(said)


def test_the_log_tells_the_failure_and_is_filtered_by_gravity_and_by_text(panel):
    model = panel.log.model
    every = len(model.shown)
    panel.log.severity.setCurrentIndex(2)
    assert {line.severity for line in model.shown} == {"error"}
    assert "w2 is lost (crash)" in [line.words for line in model.shown]
    panel.log.search.setText("freeze")
    assert [line.words for line in model.shown] == ["Fault: freeze of w1 (as the scenario says)"] * 2
    assert panel.log.count.text() == f"2 of {every} lines"


def test_the_lines_are_copied_as_text(panel):
    panel.log.search.setText("w2 is lost")
    panel.log.copy()
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    assert all("failure: w2 is lost (crash)" in line and "s  ring · " in line for line in lines)


def test_words_and_colours_follow_a_switch_while_a_study_is_shown(qtbot, panel, qapp):
    dark = panel.charts.throughput.curves[0].token
    words.set_language("ja")
    theme.apply(qapp, "light")
    assert panel.tabs.tabText(0) == "グラフ"
    assert panel.charts.throughput.curves[0].token != dark
    assert panel.charts.throughput.curves[0].token in theme.tokens().chart
    assert "シミュレーション" in panel.charts.throughput.curves[0].name
    assert panel.results.model.headerData(4, Qt.Orientation.Horizontal) == "サンプル/秒"


def test_one_crosshair_goes_through_all_charts_and_the_timeline(panel):
    panel.charts.throughput.pointed.emit(1.25)
    assert [chart.pointed_s for chart in panel.charts.all] == [1.25] * 3
    assert ("1.25 s", "") in panel.charts.throughput.values_at_pointer()
    assert len(panel.charts.throughput.values_at_pointer()) == 5


def test_a_part_of_the_time_is_shown_in_all_charts_until_all_is_asked_for(panel):
    whole = panel.charts.loss.plot.plotItem.vb.viewRange()[0]
    panel.charts.throughput.ranged_by_hand.emit(0.5, 1.0)
    assert panel.charts.loss.plot.plotItem.vb.viewRange()[0] == [0.5, 1.0]
    panel.charts.availability.fit_asked.emit()
    assert panel.charts.loss.plot.plotItem.vb.viewRange()[0] == whole


def test_an_empty_panel_says_how_to_begin(qtbot):
    panel = WatchPanel(lambda: None, EngineClient(program=["there-is-no-engine"]))
    qtbot.addWidget(panel, before_close_func=lambda panel: panel.close_down())
    panel.show()
    assert panel.tabs.currentWidget().button.isVisible()
    assert panel.time_bar.isHidden()
