"""The scenario of what breaks: a model in which a fault changes nothing misses what is expected of it."""

import pytest

from workbench.architectures.ring import RingAllReduce
from workbench.engines.simulated.cuts import Cuts
from workbench.engines.simulated.impaired import Impaired
from workbench.engines.simulated.paces import Paces
from workbench.engines.simulated.store import Store

NAME = "../what-breaks"
WHOLE = "simulated.whole.training_s"


def test_every_fault_does_what_it_is_said_to_do(missed):
    assert missed(NAME) == []


@pytest.mark.parametrize(
    ("kind", "does", "expected"),
    [
        (Paces, "times", [f"simulated.slow_worker.training_s > {WHOLE} + 0.6"]),
        (Impaired, "_set_rate", [f"simulated.slow_link.training_s > {WHOLE} + 0.7"]),
        (Cuts, "part", [f"simulated.cut_off.training_s > {WHOLE} + 0.95"]),
        (Store, "fill", [f"simulated.full_storage.training_s > {WHOLE} + 0.95"]),
        (Store, "corrupt", ["simulated.saved_in_vain.training_s > simulated.saved.training_s + 0.15"]),
        (RingAllReduce, "_meets_at", ["simulated.regrows.training_s < simulated.shrinks.training_s"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_fault_that_did_nothing_would_be_missed(kind, does, expected, missed, monkeypatch):
    neutral = {"times": 1.0, "part": False, "_meets_at": 0}
    monkeypatch.setattr(kind, does, lambda *arguments: neutral.get(does))
    assert missed(NAME) == expected
