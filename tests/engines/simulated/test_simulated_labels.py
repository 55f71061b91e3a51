"""Labels: a simulated figure is calibrated where all that it depends on was measured at such sizes, and only there."""

import importlib.util
import json
from pathlib import Path

import pytest
from samples import SCENARIOS

from workbench.catalogues.accelerators import ACCELERATORS
from workbench.catalogues.backends import BACKENDS
from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.report import build
from workbench.runs.report_html import render_html
from workbench.runs.report_json import as_data
from workbench.runs.report_labels import ground_lines
from workbench.runs.report_text import render_markdown, render_text
from workbench.stages.sizes import sizes, step_costs
from workbench.stages.train import Train
from workbench.studies.compare import Comparison, carry_out
from workbench.studies.score.nccl import MEASURED_US

SCENARIO = """
format: 1
name: Labels
pipeline:
  stages:
    - {id: digits, use: sample, with: {name: digits}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [512, 512], epochs: 1, batch_size: 256}}
  links: [digits.table -> prepare.table, prepare.dataset -> train.dataset]
cluster:
  workers: [{id: w, count: 8}]
  network: {collectives: nccl-8xh100}
architectures:
  - {id: one, training: {use: ring-all-reduce, with: {workers: 1}}}
  - {id: two, training: {use: ring-all-reduce, with: {workers: 2}}}
  - {id: eight, training: {use: ring-all-reduce, with: {workers: 8}}}
  - {id: server, training: {use: parameter-server, with: {workers: 2}}}
expect: [eight.samples_per_second > one.samples_per_second]
"""


def bench(name):
    spec = importlib.util.spec_from_file_location(name, SCENARIOS.parent / "tests" / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report_of(out, text=SCENARIO, chosen=()):
    document = read(text)
    assert not document.refused
    carry_out(Comparison(text, document.scenario, Path("."), out, ("simulated",), chosen), Control())
    return build(out)


def labels(report, metric="samples_per_second"):
    return {row.combination: row.simulated.label_of(metric) for row in report.rows}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return report_of(tmp_path_factory.mktemp("labels") / "study")


def test_a_training_on_a_measured_accelerator_is_calibrated(study):
    assert labels(study)["one"] == "calibrated"


def test_a_curve_holds_for_as_many_members_as_it_was_measured_with(study):
    assert (labels(study)["two"], labels(study)["eight"]) == ("extrapolated", "calibrated")


def test_data_that_goes_by_bandwidth_and_latency_alone_is_extrapolated(study):
    assert labels(study)["server"] == "extrapolated"


def test_a_figure_of_the_whole_run_depends_on_stages_whose_cost_nobody_has_measured(study):
    assert set(labels(study, "duration_s").values()) == {"extrapolated"}
    assert {row.simulated.label for row in study.rows} == {"extrapolated"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("hidden: [512, 512]", "hidden: [400, 400]"),  # a gradient of less than 1 MiB
        ("hidden: [512, 512]", "hidden: [16384, 16384]"),  # more operations than were measured
        ("{id: w, count: 8}", "{id: w, count: 8, accelerator: h100-sxm5-80gb}"),
        ("count: 8}", "count: 8, accelerator: {operations_per_s: 1e12, memory: 8e9, memory_bytes_per_s: 1e10}}"),
        ("nccl-8xh100", "ideal"),
        ("nccl-8xh100", "gloo"),
        ("nccl-8xh100", "nccl-2xp5"),
    ],
)
def test_what_leaves_the_measurements_is_extrapolated(tmp_path, before, after):
    assert before in SCENARIO
    report = report_of(tmp_path / "out", SCENARIO.replace(before, after), ("eight",))
    assert labels(report)["eight"] == "extrapolated"


def test_text_marks_every_figure_and_says_what_the_marks_mean(study):
    text = render_text(study)
    assert "≈ calibrated by measurements, ~ extrapolated from published figures" in text
    for row in study.rows:
        line = next(line for line in text.splitlines() if line.startswith(row.combination))
        figures = line.split()[1:]
        assert [figure[0] for figure in figures] == ["≈" if row.combination in ("one", "eight") else "~", "~"]
    assert "[✓ simulated: ≈" in text, "the number of an expectation too"
    markdown = render_markdown(study)
    assert "| ≈" in markdown and "| ~" in markdown


def test_html_and_json_label_every_figure(study):
    page = render_html(study)
    for row in study.rows:
        assert f">{'≈' if row.combination in ('one', 'eight') else '~'}" in page
    data = json.loads(json.dumps(as_data(study)))
    sides = [row["simulated"] for row in data["combinations"]]
    assert all(figure["label"] in ("calibrated", "extrapolated") for s in sides for figure in s["figures"].values())
    assert sides[0]["figures"]["samples_per_second"]["label"] == "calibrated"
    assert all(run["grounds"] for run in data["runs"])


def test_the_grounds_say_what_was_measured_and_what_was_not(study):
    lines = {text.split(":")[0]: (label, text) for label, text in ground_lines(study)}
    assert lines["cost of a prepare stage, as it states it"][0] == "extrapolated"
    label, text = lines["collectives by nccl-8xh100, 8 members"]
    assert label == "calibrated" and "NVIDIA/dgxc-benchmarking" in text
    assert "other members" in lines["collectives by nccl-8xh100, 2 members"][1]
    assert "根拠" in render_text(study, "ja")


def test_the_curves_claim_the_sizes_of_the_rows_that_they_were_fitted_to():
    """Every third row was held back."""
    for name, rows in MEASURED_US.items():
        fitted = [size for number, size in enumerate(rows) if number % 3 != 1]
        assert (min(fitted), max(fitted)) == (BACKENDS[name].curve.sizes.least, BACKENDS[name].curve.sizes.most)
    assert {name for name, backend in BACKENDS.items() if backend.curve} == set(MEASURED_US)


def test_the_core_claims_the_gradients_that_its_benchmarks_measure():
    """From the quickstart's, shared by two, to the largest of the benchmark of one core."""
    quickstart = SCENARIOS / "quickstart.yaml"
    pipeline = read(quickstart.read_text(encoding="utf-8")).scenario.pipeline
    dataset = sizes(pipeline, SCENARIOS)["prepare"].outputs["dataset"]
    shapes = bench("bench_core").SHAPES
    largest = max(Train(hidden=h, batch_size=b).step_cost({"dataset": dataset}).operations for h, b, _ in shapes)
    smallest = step_costs(pipeline, SCENARIOS)["train"].operations / 2
    claimed = ACCELERATORS["cpu-core"].fitted
    assert (claimed.least, claimed.most) == (pytest.approx(smallest, rel=0.01), pytest.approx(largest, rel=0.01))


def test_an_accelerator_of_published_figures_claims_no_measurement():
    for name, accelerator in ACCELERATORS.items():
        assert (accelerator.fitted is None) == ("data sheet" in accelerator.source), name
