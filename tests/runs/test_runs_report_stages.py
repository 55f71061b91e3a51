"""What reports say of the stages of real runs: what each took, and why it was carried out, or was not."""

import pytest

from workbench.runs.events import OperationFinished, OperationStarted, Recorded, RunFinished, RunStarted, WorkMeasured
from workbench.runs.folder import RunWriter
from workbench.runs.report import build
from workbench.runs.report_html import render_html
from workbench.runs.report_json import as_data
from workbench.runs.report_text import render_markdown, render_text
from workbench.runs.stage_reasons import WORDS, in_words

TEXT = "format: 1\nname: Reasons\npipeline: {stages: [{id: rows, use: synthetic}, {id: fit, use: pca}]}\n"


@pytest.fixture
def report(tmp_path):
    told = [
        RunStarted(engine="real", combination="ring", seed=1, members=("w0",), stages=("rows", "fit")),
        Recorded(t_s=1.0, who="leader", kind="cached", key="rows", stage="rows", value="unchanged"),
        Recorded(t_s=1.0, who="leader", kind="done", key="rows", stage="rows"),
        Recorded(t_s=1.0, who="leader", kind="due", key="fit", stage="fit", value="parameter components, code"),
        OperationStarted(t_s=1.0, who="w0", label="perform fit.run", stage="fit"),
        WorkMeasured(t_s=3.4, who="w0", stage="fit", rows_in=1200, rows_out=300, bytes_in=9_600_000, memory_bytes=512),
        OperationFinished(t_s=3.5, who="w0", label="perform fit.run", stage="fit"),
        Recorded(t_s=3.5, who="leader", kind="done", key="fit", stage="fit"),
        RunFinished(t_s=3.5, outcome="finished"),
    ]
    with RunWriter(tmp_path / "real-ring", TEXT) as writer:
        for event in told:
            writer.write(event)
    return build(tmp_path)


def test_a_report_says_of_every_stage_of_a_real_run_why_it_was_carried_out_or_was_not(report):
    text = render_text(report)
    (rows,) = (line for line in text.splitlines() if "real-ring  rows" in line)
    (fit,) = (line for line in text.splitlines() if "real-ring  fit" in line)
    assert "taken over" in rows and "nothing has changed" in rows
    assert "1,200 → 300" in fit and "9.60 MB → 0 B" in fit and "512 B" in fit
    assert "2.50 s" in fit and "parameter components changed; its code changed" in fit
    assert "nothing has changed" in render_markdown(report) and "its code changed" in render_html(report)
    assert "再実行せず" in render_text(report, "ja") and "コードが変わった" in render_html(report, "ja")
    stages = {stage["stage"]: stage for stage in as_data(report)["runs"][0]["stages"]}
    assert (stages["rows"]["adopted"], stages["rows"]["why"]) == (1, ["unchanged"])
    assert (stages["fit"]["adopted"], stages["fit"]["work_s"]) == (0, 2.5)


@pytest.mark.parametrize("code", WORDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_reason_has_words_of_its_own(code, language):
    others = {in_words((f"{other} x",), language) for other in WORDS if other != code}
    assert in_words((f"{code} x",), language) not in others


def test_a_reason_that_several_items_have_is_said_once():
    assert in_words(("code, seed", "code")) == "its code changed; the seed changed"
