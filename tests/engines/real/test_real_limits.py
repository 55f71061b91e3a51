"""What only a simulated run carries out is refused by the real engine, by name."""

import pytest
from samples import SMALL

from workbench import cli

GROUPED = """
  groups:
    - {id: parts, stages: [train, prepare], foreach: digits.table, partition: 100}
cluster:"""


def test_models_of_items_which_nothing_can_put_together_are_refused_before_a_real_run_begins(tmp_path, capsys):
    text = SMALL.replace("use: train, with: {hidden: [32], epochs: 3, batch_size: 64}", "use: estimator")
    (tmp_path / "scenario.yaml").write_text(text.replace("\ncluster:", GROUPED))
    assert cli.main(["run", str(tmp_path / "scenario.yaml"), "--out", str(tmp_path / "out"), "--real"]) == cli.CANNOT
    told = capsys.readouterr().err
    assert "a model of every item (train.model), given to evaluate, can only be simulated" in told
    assert "prepare.dataset" not in told and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "use: train, with: {hidden: [32], epochs: 3, batch_size: 64}",
            "use: train-transformer",
            "deals out the model",
        ),
        (
            "use: pipeline-parallel",
            "use: fully-sharded, with: {offload: true}",
            "with parameters that only a simulated",
        ),
    ],
)
def test_parts_of_a_model_that_only_simulated_members_hold_are_refused(before, after, told, tmp_path, capsys):
    text = SMALL.replace("use: ring-all-reduce, with: {workers: 2}", "use: pipeline-parallel")
    (tmp_path / "scenario.yaml").write_text(text.replace(before, after))
    assert cli.main(["run", str(tmp_path / "scenario.yaml"), "--out", str(tmp_path / "out"), "--real"]) == cli.CANNOT
    assert told in capsys.readouterr().err


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
