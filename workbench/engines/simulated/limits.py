"""What a simulated run cannot do, by name: it is refused before anything starts, never left out."""

from __future__ import annotations

from workbench.architectures.job import is_training
from workbench.document.scenario import Scenario

OF_TRAININGS = ("retries", "time_limit", "memory_limit")


def refusals(scenario: Scenario) -> list[str]:
    """One sentence for everything in a scenario that only a real run carries out."""
    return [
        f"'{name}' of the training '{use.id}' can only be respected by a real run"
        for use in scenario.pipeline.stages
        if is_training(use.use)
        for name in OF_TRAININGS
        if getattr(use, name)
    ]
