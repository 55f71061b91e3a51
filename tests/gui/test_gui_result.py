"""The result of a stage in the inspector: what a real run made is shown, and what it was made of."""

from pathlib import Path

import pyarrow as pa
import pytest
from PySide6.QtCore import QBuffer, QIODevice

from workbench.gui import theme, words
from workbench.runs.events import Recorded, RunFinished, RunStarted
from workbench.runs.folder import RunWriter
from workbench.stages import values

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"
CONFUSION = {"accuracy": 0.75, "rows": 8, "classes": ["no", "yes"], "confusion": [[3, 1], [1, 3]]}


def write_run(folder, **made):
    """A real run whose stages made these values."""
    with RunWriter(folder / "real-ring", "format: 1\n") as writer:
        writer.write(RunStarted(engine="real", combination="ring", seed=1, stages=tuple(made)))
        for stage, (port, value) in made.items():
            values.save(value, folder / "made")
            digest = writer.store_bytes((folder / "made").read_bytes())
            writer.write(Recorded(kind="kept", key=f"{stage}.{port}", stage=stage, value=digest, who="w0"))
            writer.write(Recorded(kind="done", key=stage, stage=stage, who="leader"))
        writer.write(RunFinished(outcome="finished"))
    return folder


@pytest.fixture
def shown(hands, tmp_path, qtbot):
    """The window with the quickstart, and a run in which its stages made values."""
    hands.editor.open(QUICKSTART)
    table = pa.table({"pixel": [0.5, 1.5, 2.5], "label": ["a", "b", "a"]})
    hands.window.running.show_study(write_run(tmp_path, digits=("table", table), evaluate=("metrics", CONFUSION)))
    qtbot.waitUntil(lambda: bool(hands.window.inspector._results.paths))
    return hands


def look_at(hands, qtbot, stage):
    hands.window.canvas.select([stage])
    result = hands.window.inspector.stage.result
    qtbot.waitUntil(lambda: result.found is not None, timeout=60_000)
    return result


def picture(widget):
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(data, "PNG")
    return bytes(data.data().data())


def test_a_stage_that_has_made_nothing_says_how_to_have_something(hands):
    hands.editor.open(QUICKSTART)
    hands.window.canvas.select(["digits"])
    result = hands.window.inspector.stage.result
    assert not result.empty.isHidden() and result.table.isHidden() and result.facts.isHidden()
    assert "for real" in result.empty.text()


def test_a_table_shows_rows_and_the_bars_of_the_column_that_is_clicked(shown, qtbot):
    result = look_at(shown, qtbot, "digits")
    assert "3 rows" in result.facts.text() and "2 columns" in result.facts.text()
    model = result.table.model()
    assert [model.data(model.index(row, 1)) for row in range(3)] == ["a", "b", "a"]
    assert result.columns.currentText() == "label" and result.bars.bars.counts == (2, 1)
    result.table.clicked.emit(model.index(0, 0))
    assert result.columns.currentText() == "pixel" and sum(result.bars.bars.counts) == 3


def test_metrics_show_their_matrix_and_from_what_they_were_made(shown, qtbot):
    result = look_at(shown, qtbot, "evaluate")
    assert "accuracy 0.750" in result.facts.text()
    assert "6 of 8 rows" in result.matrix.accessibleName()
    assert result.made_of.isHidden()  # of the stages before it the run has no value
    words.set_language("ja")
    assert "正解率 0.750" in result.facts.text()


def test_pictures_follow_the_scheme(shown, qtbot, qapp):
    result = look_at(shown, qtbot, "evaluate")
    dark = picture(result.matrix)
    theme.apply(qapp, "light")
    result = look_at(shown, qtbot, "evaluate")
    assert picture(result.matrix) != dark


def test_a_value_that_is_gone_says_so(shown, qtbot, tmp_path):
    for path in (tmp_path / "real-ring" / "artifacts").iterdir():
        path.unlink()
    result = look_at(shown, qtbot, "digits")
    assert "cannot be shown" in result.facts.text() and result.table.isHidden()
