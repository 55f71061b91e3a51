"""What only a simulated run carries out is refused by the real engine, by name."""

import pytest
from samples import SMALL

from workbench import cli


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ("topology: ring", "a network of topology 'ring' can only be simulated"),
        ("sharing: fair", "links that are shared fairly can only be simulated"),
    ],
)
def test_a_network_that_only_a_simulated_run_has_is_refused_before_a_real_run_begins(network, told, tmp_path, capsys):
    path = tmp_path / "scenario.yaml"
    path.write_text(SMALL.replace("count: 3}", f"count: 3}}\n  network: {{{network}}}"))
    assert cli.main(["run", str(path), "--out", str(tmp_path / "out"), "--real"]) == cli.CANNOT
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
