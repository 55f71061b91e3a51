"""The window shows how often a run saves beside how often it should."""

from pathlib import Path

import pytest
from watch_study import write_study

from workbench import cli
from workbench.gui import words
from workbench.gui.watch.engine_client import EngineClient
from workbench.gui.watch.panel import WatchPanel

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "checkpoint-interval.yaml"
RESULTS = 3


@pytest.fixture
def shown(qtbot):
    """A function that shows the results of a study in a panel."""

    def show(study, runs):
        panel = WatchPanel(lambda: None, EngineClient(program=["there-is-no-engine"]))
        qtbot.addWidget(panel, before_close_func=lambda panel: panel.close_down())
        panel.resize(1100, 320)
        panel.show()
        panel.show_study(study)
        qtbot.waitUntil(lambda: len(panel.follower.runs) == runs and not panel.follower.is_active, timeout=20_000)
        panel.tabs.setCurrentIndex(RESULTS)
        return panel.results

    return show


def test_a_run_that_is_thrown_back_at_random_shows_young_s_and_daly_s_intervals(shown, tmp_path, capsys):
    cli.main(["run", str(SCENARIO), "--out", str(tmp_path / "out"), "-c", "best"])
    results = shown(tmp_path / "out", 5)
    assert results.interval.isVisible()
    text = results.interval.text()
    assert text.startswith("Checkpoint interval: chosen ~19.9 ms = 10 steps · Young ~25.5 ms = 13 steps · Daly ~")
    assert "useful time ~" in text and "1974" in results.interval.toolTip()
    words.set_language("ja")
    assert results.interval.text().startswith("チェックポイント間隔: 設定値 ~19.9 ms（10 ステップ）")


def test_where_nothing_is_thrown_back_no_interval_is_shown(shown, tmp_path):
    results = shown(write_study(tmp_path / "study", steps=10), 4)
    assert results.isVisible() and not results.interval.isVisible()
