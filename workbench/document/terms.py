"""What an expectation consists of: numbers, named metrics, sums, comparisons, and questions joined by words.

Each part prints itself with the fewest parentheses that read back to the same part.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A metric of one combination; of each engine that was run where `engine` is empty."""

    combination: str
    metric: str
    engine: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.engine, self.combination, self.metric) if part)


@dataclass(frozen=True)
class Number:
    value: float

    def __str__(self) -> str:
        return str(int(self.value)) if self.value.is_integer() and self.value < 1e15 else repr(self.value)


@dataclass(frozen=True)
class Minus:
    of: Term

    def __str__(self) -> str:
        return f"-{_inside(self.of, 6)}"


@dataclass(frozen=True)
class Sum:
    """Two numbers joined by + - * or /."""

    sign: str
    left: Term
    right: Term

    def __str__(self) -> str:
        level = _level(self)
        return f"{_inside(self.left, level)} {self.sign} {_inside(self.right, level + 1)}"


@dataclass(frozen=True)
class Call:
    """min, max or abs of numbers."""

    function: str
    of: tuple[Term, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.of))})"


@dataclass(frozen=True)
class Comparison:
    sign: str
    left: Term
    right: Term

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


@dataclass(frozen=True)
class Not:
    of: Question

    def __str__(self) -> str:
        return f"not {_inside(self.of, 2)}"


@dataclass(frozen=True)
class Junction:
    """Two questions joined by `and` or `or`."""

    word: str
    left: Question
    right: Question

    def __str__(self) -> str:
        level = _level(self)
        return f"{_inside(self.left, level)} {self.word} {_inside(self.right, level + 1)}"


Term = Name | Number | Minus | Sum | Call
Question = Comparison | Not | Junction


def parts(of: Term | Question) -> tuple[Term | Question, ...]:
    """The parts that it is directly made of."""
    match of:
        case Minus() | Not():
            return (of.of,)
        case Sum() | Comparison() | Junction():
            return (of.left, of.right)
        case Call():
            return of.of
        case _:
            return ()


def _level(of: Term | Question) -> int:
    """How tightly it binds."""
    match of:
        case Junction(word="or"):
            return 0
        case Junction():
            return 1
        case Not():
            return 2
        case Comparison():
            return 3
        case Sum(sign="+" | "-"):
            return 4
        case Sum():
            return 5
        case Minus():
            return 6
        case _:
            return 7


def _inside(of: Term | Question, level: int) -> str:
    return str(of) if _level(of) >= level else f"({of})"
