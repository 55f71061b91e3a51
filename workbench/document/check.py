"""What can be said against a scenario without knowing what stages and architectures there are."""

from __future__ import annotations

from workbench.document.problems import Problem
from workbench.document.scenario import Scenario


def check(scenario: Scenario) -> list[Problem]:
    """All problems of the scenario, in the order of its parts."""
    return []
