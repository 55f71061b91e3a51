"""What a warning of a run says, in the language of whoever reads it."""

from __future__ import annotations

from workbench.document.problems import Problem
from workbench.document.words_idle import IDLE
from workbench.runs.events import Warned


def said(warned: Warned, language: str = "en") -> str:
    """Its sentence; one of a code that no catalogue has stays in English, as the run wrote it."""
    if not is_of_scenario(warned):
        return warned.text or warned.code
    place = warned.text.partition(": ")[0]
    return Problem(warned.code, place, {"knob": place.rpartition(".")[2]}).told(language)


def is_of_scenario(warned: Warned) -> bool:
    """Whether it follows from the scenario alone, so that every replication says it."""
    return warned.code in IDLE
