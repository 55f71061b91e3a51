"""The commands, and what their exit codes say."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from workbench import __version__, cli
from workbench.engines.errors import CannotRun

ROOT = Path(__file__).parent.parent
QUICKSTART = str(ROOT / "scenarios" / "quickstart.yaml")


def test_the_version_is_printed(capsys):
    assert cli.main(["--version"]) == cli.HELD
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["run"],
        ["run", "no-such-file.yaml"],
        ["run", QUICKSTART, "--no-such-option"],
        ["run", QUICKSTART, "-c", "nobody"],
        ["list", "nothing"],
        ["report", "."],
    ],
)
def test_a_wrong_command_line_gives_exit_code_64_and_no_traceback(arguments, capsys):
    assert cli.main(arguments) == cli.WRONG
    complaint = capsys.readouterr().err
    assert complaint and "Traceback" not in complaint


def test_a_wrong_document_lists_all_problems_with_exit_code_64_and_runs_nothing(tmp_path, capsys):
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text(
        "format: 1\nnaem: x\npipeline: {stages: [{id: a, use: nothing}], links: [a.b]}\nfaults: [{kind: crash}]\n"
    )
    assert cli.main(["run", str(scenario), "--out", str(tmp_path / "out")]) == cli.WRONG
    complaint = capsys.readouterr().err
    assert "naem" in complaint and "pipeline.stages[a].use" in complaint and "faults[0]" in complaint
    assert "Traceback" not in complaint
    assert not (tmp_path / "out").exists()


def test_check_as_json_names_place_and_line(tmp_path, capsys):
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text("format: 1\npipeline: {stages: [{id: a, use: nothing}]}\n")
    assert cli.main(["check", str(scenario), "--json"]) == cli.WRONG
    rows = json.loads(capsys.readouterr().out)
    assert {"place": "pipeline.stages[a].use", "line": 2}.items() <= rows[0].items()


@pytest.mark.parametrize(
    ("error", "code"),
    [(CannotRun("no memory"), cli.CANNOT), (KeyboardInterrupt(), cli.INTERRUPTED), (RuntimeError("ours"), cli.OURS)],
)
def test_each_kind_of_error_has_its_exit_code(error, code, capsys):
    assert cli.exit_code(error) == code
    assert capsys.readouterr().err.count("RuntimeError: ours") == (code == cli.OURS)


@pytest.mark.parametrize("what", ["stages", "architectures", "accelerators", "models", "metrics"])
def test_everything_that_a_scenario_may_use_can_be_listed(what, capsys):
    assert cli.main(["list", what, "--json"]) == cli.HELD
    assert len(json.loads(capsys.readouterr().out)) >= 3


def test_the_schema_is_json_schema_for_scenarios(capsys):
    assert cli.main(["schema"]) == cli.HELD
    assert "pipeline" in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.parametrize("form", ["text", "markdown", "json", "html"])
def test_a_run_can_be_reported_again_in_every_form(form, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["run", QUICKSTART, "--out", str(out), "--json"]) == cli.HELD
    capsys.readouterr()
    assert cli.main(["report", str(out), "--format", form]) == cli.HELD
    printed = capsys.readouterr().out
    assert "Quickstart" in (Path(printed.strip()).read_text() if form == "html" else printed)


def test_a_saved_model_is_served_to_this_machine_until_ctrl_c():
    model = ROOT / "scenarios" / "data" / "digits-model.zip"
    command = [sys.executable, "-m", "workbench", "serve", str(model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split("/predict")[0]
            assert url.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(f"{url}/health", timeout=30) as answer:
                assert json.load(answer)["status"] == "ok"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == cli.INTERRUPTED


def test_a_file_that_holds_no_model_is_not_served(tmp_path, capsys):
    assert cli.main(["serve", str(tmp_path / "m.zip")]) == cli.WRONG
    assert "there is no file" in capsys.readouterr().err
