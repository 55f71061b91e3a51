"""Every shipped scenario, carried out as a user would, must meet its own expectations."""

import json
from pathlib import Path

import pytest

from workbench import cli
from workbench.document.expectations import parse
from workbench.document.text import read
from workbench.engines.real.limits import refusals
from workbench.stages import trust

ROOT = Path(__file__).parent.parent
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))
FUNCTIONS = sorted((ROOT / "scenarios" / "functions").iterdir())


@pytest.fixture
def trusting():
    for path in FUNCTIONS:
        trust.trust(trust.digest_of(path.read_bytes()))


def run(capsys, path, out, *options):
    code = cli.main(["run", str(path), "--out", str(out), "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def told(report):
    return json.dumps(report.get("expectations", report), indent=1)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_meets_its_expectations_when_it_is_simulated(path, tmp_path, capsys):
    expected = read(path.read_text(encoding="utf-8")).scenario.expect
    code, report = run(capsys, path, tmp_path / "out", "--simulated")
    if any(is_about(text, "simulated") for text in expected):
        assert code == cli.HELD, told(report)
    else:
        assert_finished_without_being_asked(code, report)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_meets_its_expectations_for_real_or_is_refused_by_name(path, tmp_path, capsys, trusting):
    scenario = read(path.read_text(encoding="utf-8")).scenario
    refused = [sentence for c in scenario.architectures for sentence in refusals(scenario, c)]
    code = cli.main(["run", str(path), "--out", str(tmp_path / "out"), "--json", "--real"])
    told = capsys.readouterr()
    if refused:
        assert code == cli.CANNOT and all(sentence in told.err for sentence in refused)
        assert not (tmp_path / "out").exists()
    elif any(is_about(text, "real") for text in scenario.expect):
        assert code == cli.HELD, told.out
    else:
        assert_finished_without_being_asked(code, json.loads(told.out))


def is_about(expectation, engine):
    return all(name.engine in ("", engine) for name in parse(expectation).names)


def assert_finished_without_being_asked(code, report):
    """Nothing was expected of these runs, and so nothing can have held."""
    assert code == cli.UNKNOWN
    assert {found["outcome"] for found in report["expectations"]} == {"not-asked"}
    assert {found["outcome"] for found in report["runs"]} == {"finished"}


def test_a_run_about_which_nothing_is_expected_says_so_and_cannot_tell(tmp_path, capsys):
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    scenario = tmp_path / "elsewhere.yaml"
    scenario.write_text(text[: text.index("expect:")] + "expect:\n  - real.ring.accuracy > 0.5\n")
    assert cli.main(["run", str(scenario), "--simulated", "--out", str(tmp_path / "o")]) == cli.UNKNOWN
    assert "Cannot tell: no expectation is about these runs (1 not asked)" in capsys.readouterr().out


def test_a_pipeline_of_twelve_stages_leaves_a_model_and_predictions_behind(tmp_path, capsys, trusting):
    code, _ = run(capsys, ROOT / "scenarios" / "digits-production.yaml", tmp_path / "out", "--real")
    outbox = tmp_path / "out" / "real-ring" / "outbox"
    assert code == cli.HELD
    lines = (outbox / "predictions.csv").read_text().splitlines()
    assert len(lines) == 51 and "prediction" in lines[0]
    assert (outbox / "digits-model.zip").stat().st_size > 1000


def test_user_code_that_nobody_has_trusted_is_not_run(tmp_path, capsys):
    scenario = ROOT / "scenarios" / "digits-production.yaml"
    code = cli.main(["run", str(scenario), "--real", "--out", str(tmp_path / "out"), "--json"])
    report = capsys.readouterr().out
    assert code == cli.MISSED
    assert "functions/ink.py" in report and "trust" in report


def test_real_and_simulated_figures_of_the_quickstart_stand_beside_each_other(tmp_path, capsys):
    code = cli.main(
        ["run", str(ROOT / "scenarios" / "quickstart.yaml"), "--simulated", "--real", "--out", str(tmp_path / "o")]
    )
    text = capsys.readouterr().out
    assert code == cli.HELD
    rows = [line for line in text.splitlines() if line.startswith(("Ring of two", "Server and two workers"))]
    assert len(rows) == 2
    assert all(len([word for word in row.split() if word.lstrip("~")[0].isdigit()]) >= 8 for row in rows)
    assert "extrapolated" in text and "measured" in text


def test_an_expectation_that_does_not_hold_gives_exit_code_1(tmp_path, capsys):
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    scenario = tmp_path / "missed.yaml"
    scenario.write_text(text.replace("ring.recovery_s < 5", "ring.recovery_s < 1e-9"))
    assert not read(scenario.read_text()).refused
    assert cli.main(["run", str(scenario), "--out", str(tmp_path / "o"), "--json"]) == cli.MISSED
    assert capsys.readouterr().out
