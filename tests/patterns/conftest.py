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
