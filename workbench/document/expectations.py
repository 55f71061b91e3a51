"""Expectations: a small safe language of questions about named metrics.

Such as `ring.samples_per_second > 1.5 * server.samples_per_second and ring.accuracy >= 90 %`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from workbench.document.grammar import ExpectationError, question
from workbench.document.terms import Call, Comparison, Junction, Minus, Name, Not, Number, Question, Sum, Term, parts

__all__ = ["Expectation", "ExpectationError", "Lookup", "Name", "Outcome", "Verdict", "names_in", "parse"]

EQUAL_WITHIN = 1e-9

Verdict = Literal["held", "missed", "unknown"]
Lookup = Callable[[Name], float | None]


@dataclass(frozen=True)
class Outcome:
    """Whether an expectation held; `left` and `right` are its sides, where it is one comparison and they are known."""

    state: Verdict
    left: float | None = None
    right: float | None = None


@dataclass(frozen=True)
class Expectation:
    """A question about metrics that a run answers; its text is the shortest that reads back to the same question."""

    question: Question

    def __str__(self) -> str:
        return str(self.question)

    @property
    def names(self) -> tuple[Name, ...]:
        """The metrics that it asks for, each once, in the order of the text."""
        return tuple(dict.fromkeys(names_in(self.question)))

    @property
    def comparison(self) -> Comparison | None:
        """The comparison that it is, if it is a single one."""
        return self.question if isinstance(self.question, Comparison) else None

    def evaluate(self, lookup: Lookup) -> Outcome:
        """The outcome where `lookup` answers the value of a name, or None for one that there is not."""
        held = _held(self.question, lookup)
        verdict: Verdict = "unknown" if held is None else "held" if held else "missed"
        if self.comparison is None:
            return Outcome(verdict)
        return Outcome(verdict, value(self.comparison.left, lookup), value(self.comparison.right, lookup))


def parse(text: str) -> Expectation:
    """The expectation that a text is; ExpectationError (a ValueError) with the position where it is none."""
    return Expectation(question(text))


def value(term: Term, lookup: Lookup) -> float | None:
    """The number that a term is; None if a name in it has no value, or if it is not finite (a division by zero)."""
    match term:
        case Number():
            return term.value
        case Name():
            return lookup(term)
    values = [value(part, lookup) for part in parts(term) if not isinstance(part, Question)]
    known = [number for number in values if number is not None]
    if len(known) < len(values):
        return None
    result = _computed(term, known)
    return result if result is not None and isfinite(result) else None


def _computed(term: Minus | Sum | Call, of: list[float]) -> float | None:
    match term:
        case Minus():
            return -of[0]
        case Sum(sign="+"):
            return of[0] + of[1]
        case Sum(sign="-"):
            return of[0] - of[1]
        case Sum(sign="*"):
            return of[0] * of[1]
        case Sum():
            return of[0] / of[1] if of[1] else None
        case Call(function="min"):
            return min(of)
        case Call(function="max"):
            return max(of)
        case Call():
            return abs(of[0])


def _held(question: Question, lookup: Lookup) -> bool | None:
    """True, false, or None where an unknown number decides."""
    match question:
        case Not():
            held = _held(question.of, lookup)
            return None if held is None else not held
        case Junction():
            sides = (_held(question.left, lookup), _held(question.right, lookup))
            decides = question.word == "or"
            if decides in sides:
                return decides
            return None if None in sides else not decides
        case Comparison():
            left, right = value(question.left, lookup), value(question.right, lookup)
            return None if left is None or right is None else _compared(left, question.sign, right)


def _compared(left: float, sign: str, right: float) -> bool:
    match sign:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return abs(left - right) <= EQUAL_WITHIN
        case _:
            return abs(left - right) > EQUAL_WITHIN


def names_in(of: Term | Question) -> Iterator[Name]:
    """The metrics that a part of an expectation asks for, as often as it does."""
    if isinstance(of, Name):
        yield of
    for part in parts(of):
        yield from names_in(part)
