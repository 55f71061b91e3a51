"""A problem: a code with its place and values; its words come from one catalogue per language."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from workbench.document.words import DETAILS, FOUND, LANGUAGES, LINE, NEAREST, PROBLEMS, SIDES

Severity = Literal["error", "not-yet", "note"]


@dataclass(frozen=True)
class Problem:
    """Something in a document that a person should know, or mend before it can be run.

    `place` is like `faults[0].worker`, with ids where there are some: `pipeline.stages[train].with.epochs`; empty for
    the file as a whole. `line` counts from 1. `severity` is "error", "not-yet" (part of the format, not carried out
    by this version) or "note". A value named `nearest` is the known name that was probably meant;
    one that is a problem itself says its sentence.
    """

    code: str
    place: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    line: int | None = None
    severity: Severity = "error"

    @property
    def refuses(self) -> bool:
        """Whether the scenario cannot be run because of it."""
        return self.severity != "note"

    def words(self, language: str = "en") -> str:
        """The sentence, without place and line; KeyError for a code that the catalogue does not have."""
        which = LANGUAGES.index(language)
        said = {name: _word(name, value, which) for name, value in self.values.items()}
        sentence = PROBLEMS[self.code][which].format_map(said)
        if said.get("nearest"):
            join = "; " if language == "en" else "。"
            return sentence + join + NEAREST[which].format_map(said)
        return sentence

    def told(self, language: str = "en") -> str:
        """One line with line number, place and sentence."""
        which = LANGUAGES.index(language)
        line = LINE[which].format(line=self.line) if self.line else ""
        return ": ".join(part for part in (line, self.place, self.words(language)) if part)

    def __str__(self) -> str:
        return self.told()

    def at(self, line: int | None) -> Problem:
        """The same problem with its line."""
        return replace(self, line=line)


class Refused(ValueError):
    """What the user wrote is refused, by a code of the catalogue; its text is the English sentence."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(self.at("").words())

    def at(self, place: str) -> Problem:
        """The problem that it is, at a place of the document."""
        return Problem(self.code, place, self.values)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`; empty when none is like it."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.5)
    return by_folded[matches[0]] if matches else ""


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by line, the ones of the file as a whole first; each one once."""
    once = {(problem.code, problem.place, problem.line, problem.words()): problem for problem in problems}
    return tuple(sorted(once.values(), key=lambda problem: problem.line or 0))


def _word(name: str, value: Any, which: int) -> str:
    if isinstance(value, Problem):
        return value.words(LANGUAGES[which])
    if name == "found" and value in FOUND:
        return FOUND[value][which]
    if name == "side" and value in SIDES:
        return SIDES[value][which]
    if name == "detail" and value in DETAILS:
        return DETAILS[value][which]
    return str(value)
