"""A real run says where the values of its stages lie, also of those that it takes over from an earlier run."""

from samples import SMALL

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.events import Recorded
from workbench.runs.folder import read_run
from workbench.stages.preview import preview
from workbench.studies.compare import Comparison, carry_out

PORTS = {"digits.table": "table", "prepare.dataset": "dataset", "train.model": "model", "evaluate.metrics": "metrics"}


def test_every_value_of_a_run_is_named_by_its_content_and_found_again_by_the_next_run(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    found = []
    for name in ("first", "second"):
        study = Comparison(
            SMALL, read(SMALL).scenario, tmp_path, tmp_path / name, engines=("real",), combinations=("alone",)
        )
        assert carry_out(study, Control()) == ["finished"]
        run = study.path("real", "alone", 0)
        events = [event for event in read_run(run) if isinstance(event, Recorded)]
        kept = {event.key: event.value for event in events if event.kind == "kept"}
        assert {key: preview(run / "artifacts" / digest).kind for key, digest in kept.items()} == PORTS
        found.append((kept, sum(event.kind == "cached" for event in events)))
    (first, none), (second, all_of_them) = found
    assert first == second
    assert (none, all_of_them) == (0, 4)
