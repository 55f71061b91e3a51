"""Parameters that somebody wrote, and that change nothing in the scenario: told by name, never left unsaid."""

from __future__ import annotations

from workbench.architectures.job import Job, build
from workbench.architectures.setting import setting_of
from workbench.document.problems import Problem
from workbench.document.scenario import Combination, Scenario
from workbench.runs.events import Event, Warned


def idle(scenario: Scenario, combination: Combination, job: Job | None = None) -> list[Problem]:
    """A note for each parameter of a combination that is written, and changes nothing in this scenario.

    The scenario must be one that can be run. `job` is the combination's, where it has been built already.
    """
    job = job or build(scenario, combination)
    setting = setting_of(scenario, combination.id, job.plan, job.followers)
    notes = []
    for side, choice, architecture in (
        ("orchestration", combination.orchestration, job.orchestration),
        ("training", combination.training, job.training),
    ):
        place = f"architectures[{combination.id}].{side}.with"
        for knob, code in architecture.idle(setting).items():
            if knob in choice.with_:
                notes.append(Problem(code, f"{place}.{knob}", {"knob": knob}, severity="note"))
    return notes


def warnings(scenario: Scenario, combination: Combination, job: Job) -> list[Event]:
    """The same as facts of a run."""
    return [Warned(code=note.code, text=note.told()) for note in idle(scenario, combination, job)]
