"""Statements on links hold for real because of the links: on others they are missed, as they are when simulated."""

import json

import pytest
from samples import SCENARIOS

from workbench import cli

RING_OR_SERVER = (SCENARIOS / "ring-or-server.yaml").read_text()
SERVER_IS_SOONER = "server_and_four.steps_per_second > 1.1 * ring_of_four.steps_per_second"


@pytest.mark.parametrize("engine", ["simulated", "real"])
def test_on_thin_links_of_the_same_length_the_ring_of_four_is_sooner_than_the_server(engine, tmp_path, capsys):
    path = tmp_path / "thin.yaml"
    path.write_text(RING_OR_SERVER.replace("10 Mbit/s", "2 Mbit/s").replace("steps: 8", "steps: 4"))
    options = ["-c", "ring_of_four", "-c", "server_and_four", f"--{engine}", "--json", "--out", str(tmp_path / "out")]
    assert cli.main(["run", str(path), *options]) == cli.MISSED
    told = {one["text"]: one for one in json.loads(capsys.readouterr().out)["expectations"]}
    (check,) = told[SERVER_IS_SOONER]["checks"]
    assert check["outcome"] == "missed" and check["left"] < check["right"] / 1.1 / 1.2
