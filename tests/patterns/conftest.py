"""What all tests of patterns do: carry the scenario out, and name the expectations that were missed."""

import json
from pathlib import Path

import pytest

from workbench import cli

PATTERNS = Path(__file__).parent.parent.parent / "scenarios" / "patterns"


@pytest.fixture
def missed(tmp_path, capsys):
    """The expectations that a pattern misses when it is simulated."""

    def carry_out(name):
        arguments = ["run", str(PATTERNS / f"{name}.yaml"), "--simulated", "--json", "--out", str(tmp_path / "out")]
        code = cli.main(arguments)
        told = json.loads(capsys.readouterr().out)["expectations"]
        found = [one["text"] for one in told if one["outcome"] not in ("held", "not-asked")]
        assert (code == cli.HELD) == (not found)
        return found

    return carry_out


@pytest.fixture
def missed_for_real(tmp_path, capsys):
    """The expectations that a pattern misses in real runs when some of its text is replaced."""

    def carry_out(name, *replaced):
        text = (PATTERNS / f"{name}.yaml").read_text()
        assert replaced[0] in text
        broken = tmp_path / "broken.yaml"
        broken.write_text(text.replace(*replaced))
        cli.main(["run", str(broken), "--real", "--json", "--out", str(tmp_path / "out")])
        told = json.loads(capsys.readouterr().out)["expectations"]
        return [one["text"] for one in told if one["outcome"] not in ("held", "not-asked")]

    return carry_out
