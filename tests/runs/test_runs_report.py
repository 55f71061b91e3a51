import json
import re
from xml.etree import ElementTree

import pytest
from stories import started, training_run, write_run

from workbench.runs import report_style
from workbench.runs.events import RunFinished, Warned
from workbench.runs.pairs import Pair
from workbench.runs.report import build
from workbench.runs.report_html import render_html
from workbench.runs.report_json import as_data, render_json
from workbench.runs.report_labels import label_of_pair
from workbench.runs.report_text import render_markdown, render_text, width
from workbench.runs.report_texts import fault_lines
from workbench.runs.report_words import LANGUAGES, WORDS, word

SCENARIO = """\
format: 1
name: {name}
pipeline:
  stages:
    - {{id: load, use: sample}}
    - {{id: train, use: train}}
    - {{id: evaluate, use: evaluate}}
cluster: {{workers: [{{id: w, count: 2}}]}}
architectures:
  - {{id: ring, label: A ring}}
  - {{id: server, training: {{use: parameter-server}}}}
run: {{seed: 1, replications: {replications}}}
expect: {expect}
"""


def scenario(*expect, name="A question", replications=1):
    return SCENARIO.format(name=name, expect=json.dumps(expect), replications=replications)


def study(tmp_path, *stories, expect=(), name="A question"):
    """The report of runs that tell these stories."""
    text = scenario(*expect, name=name)
    for story in stories:
        write_run(tmp_path, story, text)
    return build(tmp_path)


@pytest.fixture
def compared(tmp_path):
    """Two combinations on both engines; the real ones are slower, and one of them loses a worker."""
    return study(
        tmp_path,
        training_run("simulated", "ring"),
        training_run("simulated", "server", step_s=2.0),
        training_run("real", "ring", step_s=1.25, accuracy=0.97),
        training_run("real", "server", step_s=2.5, accuracy=0.96, crash_after=4),
        expect=(
            "ring.samples_per_second > 1.5 * server.samples_per_second",
            "ring.accuracy > 0.98",
            "real.server.loss < 1",
        ),
    )


def test_real_figures_stand_beside_simulated_ones_with_their_ratio(compared):
    ring, server = compared.rows
    assert (ring.title, server.title) == ("A ring", "server")
    assert ring.simulated.figures["samples_per_second"].mean == 64
    assert ring.real.figures["samples_per_second"].mean == pytest.approx(51.2)
    assert ring.ratio("samples_per_second") == pytest.approx(0.8)
    assert ring.ratio("accuracy") is None, "a simulated run has none"


def test_every_figure_says_how_far_it_can_be_trusted(compared):
    assert {(side.engine, side.label) for row in compared.rows for side in row.sides} == {
        ("simulated", "extrapolated"),
        ("real", "measured"),
    }
    assert "simulated: ~ extrapolated from published figures · real: measured on this machine" in render_text(compared)


def test_a_missed_expectation_makes_the_report_missed_with_exit_code_1(compared):
    assert [judgement.outcome for judgement in compared.judgements] == ["held", "missed", "held"]
    assert (compared.outcome, compared.exit_code) == ("missed", 1)


def test_a_report_whose_expectations_hold_has_exit_code_0(tmp_path):
    report = study(tmp_path, training_run(), expect=("ring.steps == 8",))
    assert (report.outcome, report.exit_code) == ("held", 0)


def test_a_report_that_cannot_tell_has_exit_code_2(tmp_path):
    report = study(tmp_path, training_run(), expect=("ring.steps == 8", "ring.accuracy > 0.9"))
    assert (report.outcome, report.exit_code) == ("unknown", 2)


def test_an_expectation_about_runs_that_were_not_made_does_not_weigh(tmp_path):
    report = study(tmp_path, training_run(), expect=("ring.steps == 8", "real.ring.accuracy > 0.9"))
    assert [judgement.outcome for judgement in report.judgements] == ["held", "not-asked"]
    assert report.exit_code == 0
    assert "– not asked" in render_text(report) and "not asked" in render_html(report)


def test_a_run_that_broke_off_is_said_to_be_so_and_nothing_is_concluded_from_it(tmp_path):
    report = study(tmp_path, training_run(outcome=""), expect=("ring.steps == 8",))
    assert (report.runs[0].outcome, report.outcome) == ("broken-off", "unknown")
    assert "simulated-ring: broken off" in render_text(report)
    assert "the run of ring was broken off" in render_text(report)


def test_a_failed_run_makes_the_report_missed_even_where_nothing_is_expected(tmp_path):
    events = [*training_run(outcome=""), RunFinished(t_s=12, outcome="failed", reason="train: no column 'age'")]
    report = study(tmp_path, events)
    assert report.outcome == "missed"
    assert "A run failed" in render_text(report) and "no column 'age'" in render_text(report)


def test_a_stopped_run_is_not_judged(tmp_path):
    report = study(tmp_path, training_run(outcome="stopped"))
    assert report.outcome == "unknown"


def test_replications_become_a_mean_with_its_interval(tmp_path):
    for replication, step_s in enumerate((1.0, 1.25, 1.6)):
        write_run(tmp_path, training_run(step_s=step_s, replication=replication), scenario(replications=3))
    report = build(tmp_path)
    figure = report.rows[0].simulated.figures["steps_per_second"]
    assert figure.count == 3
    assert figure.mean == pytest.approx((1 + 0.8 + 0.625) / 3)
    assert figure.half_width == pytest.approx(0.466, abs=1e-3)
    assert "±" in render_text(report) and "over 3 replications" in render_text(report)


def test_a_single_run_folder_has_a_report_too(tmp_path):
    path = write_run(tmp_path, training_run(), scenario("ring.steps == 8"))
    assert build(path).outcome == "held"


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no run in"):
        build(tmp_path)


def test_the_text_has_a_row_for_each_combination_and_a_line_for_each_expectation(compared):
    text = render_text(compared)
    assert re.search(r"^A ring +~64 +51\.2 +0\.80× +~12 +14 +1\.17×", text, re.MULTILINE)
    assert re.search(r"^server +~32 +", text, re.MULTILINE)
    assert re.search(r"✗ missed +ring\.accuracy > 0\.98 +\[✗ real: 0\.970 against 0\.980\]", text)
    assert "real-server · crash · w1 · 12 s" in text


def test_columns_of_the_text_are_aligned_in_both_languages(compared):
    for language in LANGUAGES:
        table = render_text(compared, language).split("\n\n")[1].splitlines()[1:4]
        assert len({width(line) for line in table}) == 1


def test_warnings_are_told_once_with_their_number(tmp_path):
    events = training_run(outcome="")
    events += [Warned(t_s=12, code="slow", text="the disk is slow")] * 3 + [RunFinished(t_s=12, outcome="finished")]
    assert "simulated-ring: the disk is slow (×3)" in render_text(study(tmp_path, events))


def test_markdown_has_every_figure_and_escapes_what_would_break_its_tables(tmp_path, compared):
    text = render_markdown(compared)
    assert "| Availability [%] | ~100.0 | 100.0 | ~100.0 |" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert tables and all(len({line.count(" | ") for line in table}) == 1 for table in tables)


def test_json_holds_figures_in_si_units_and_the_exit_code(compared):
    data = json.loads(render_json(compared))
    assert data == json.loads(json.dumps(as_data(compared)))
    assert (data["outcome"], data["exit_code"]) == ("missed", 1)
    ring = data["combinations"][0]
    assert ring["simulated"]["figures"]["samples_per_second"] == {
        "mean": 64.0,
        "half_width": None,
        "count": 1,
        "label": "extrapolated",
    }
    assert ring["real_over_simulated"]["samples_per_second"] == pytest.approx(0.8)
    assert [check["engine"] for check in data["expectations"][1]["checks"]] == ["simulated", "real"]


def page(report, language="en"):
    """The page as a tree: it must be well-formed, so that every browser reads the same."""
    text = render_html(report, language).removeprefix("<!DOCTYPE html>\n")
    text = re.sub(r"<(meta[^>]*|br)>", r"<\1/>", text)
    return ElementTree.fromstring(text)


def words_of(tree):
    return " ".join("".join(tree.itertext()).split())


def test_the_page_fetches_nothing_and_runs_nothing(compared):
    text = render_html(compared)
    assert not re.search(r"<script|<link|<img|<iframe|url\(|@import|\son\w+=", text)
    assert set(re.findall(r"https?://[^\"'\s]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_page_has_a_chart_for_throughput_stages_comparison_and_loss(compared):
    charts = [
        node.get("aria-label") for node in page(compared).iter("{http://www.w3.org/2000/svg}svg") if node.get("role")
    ]
    assert charts == [
        "Throughput over time",
        "Training throughput [samples/s]",
        "Duration of the run [s]",
        "Stages over time: A ring",
        "Stages over time: server",
        "Time of each stage: real beside simulated: A ring",
        "Time of each stage: real beside simulated: server",
        "Loss",
    ]


def test_outcomes_are_told_by_a_word_and_an_icon_and_not_by_colour_alone(compared):
    states = [node for node in page(compared).iter("span") if node.get("class", "").startswith("state ")]
    assert states
    for node in states[: len(compared.judgements)]:
        assert "".join(node.itertext()) in ("held", "missed", "cannot tell")
        assert next(node.iter("svg"), None) is not None


def test_faults_are_marked_on_the_charts_of_their_run(compared):
    marks = [n for n in page(compared).iter("{http://www.w3.org/2000/svg}path") if n.get("class") == "fault-mark"]
    assert ["".join(mark.itertext()) for mark in marks] == ["crash w1 · server · real · 12 s"] * 2


def test_the_page_exists_in_both_languages(compared):
    assert "An expectation was missed" in words_of(page(compared, "en"))
    japanese = words_of(page(compared, "ja"))
    assert "満たされない期待があります" in japanese and "expectation" not in japanese.lower().replace(
        "expectations", ""
    )


def test_what_a_user_wrote_cannot_become_markup(tmp_path):
    report = study(tmp_path, training_run(), name="'<b>x</b> & <script>alert(1)</script>'")
    text = render_html(report)
    assert "<script>" not in text and "&lt;b&gt;x&lt;/b&gt; &amp;" in text


def test_a_run_without_training_has_a_page_without_empty_charts(tmp_path):
    events = [started(stages=("load",)), *training_run()[1:4], RunFinished(t_s=2, outcome="finished")]
    text = render_html(study(tmp_path, events))
    assert "Throughput over time" not in text and "Stages over time" in text


def test_a_run_that_has_only_begun_has_a_report(tmp_path):
    report = study(tmp_path, [started()], expect=("ring.steps > 1",))
    assert report.outcome == "unknown"
    assert "broken off" in render_html(report) and "broken off" in render_markdown(report)


def test_every_word_exists_in_both_languages():
    assert all(len(pair) == len(LANGUAGES) and all(pair) for pair in WORDS.values())
    assert word("held", "ja") == "達成" and word("w1") == "w1"


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", [report_style.LIGHT, report_style.DARK])
def test_text_has_contrast_for_reading_and_charts_for_seeing(palette):
    colours = dict(re.findall(r"--(\w+): (#[0-9A-F]{6})", palette))
    for name in ("text", "text2", "ok", "warn", "error"):
        assert contrast(colours[name], colours["panel"]) >= 4.5, name
    for index in range(6):
        assert contrast(colours[f"c{index}"], colours["panel"]) >= 3.2, index


def test_both_sides_of_an_expectation_are_marked_but_what_its_author_wrote_is_not(tmp_path):
    sides = ("ring.steps > 5", "simulated.ring.steps <= real.ring.steps", "2 * ring.steps == ring.steps + 8")
    report = study(tmp_path, training_run(), training_run("real"), expect=sides)
    told = render_text(report)
    assert "[✓ simulated: ~8 against 5; ✓ real: 8 against 5]" in told
    assert "[~8 against 8]" in told
    assert "[✓ simulated: ~16 against ~16; ✓ real: 16 against 16]" in told
    assert [check["labels"] for one in as_data(report)["expectations"] for check in one["checks"]] == [
        ("extrapolated", ""),
        ("measured", ""),
        ("extrapolated", "measured"),
        ("extrapolated", "extrapolated"),
        ("measured", "measured"),
    ]


@pytest.mark.parametrize(("engine", "marked"), [("simulated", True), ("real", False)])
def test_the_times_of_faults_are_marked_where_they_were_simulated(tmp_path, engine, marked):
    lines = fault_lines(study(tmp_path, training_run(engine, crash_after=4)))
    times = [cell for line in lines for cell in line[3:-1] if cell != "–"]
    assert times and {cell.startswith("~") for cell in times} == {marked}


def test_a_difference_has_the_label_of_its_less_sure_side(compared):
    for engine, label in (("simulated", "extrapolated"), ("real", "measured")):
        assert label_of_pair(compared, Pair(engine, "duration_s", "ring", "server")) == label
