"""A window: the stretch of virtual time in which a run tells more than usual."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.document.problems import Refused
from workbench.document.units import SECONDS, parse

EXAMPLE = "10s..12s"


@dataclass(frozen=True)
class Window:
    """From a time of the run, inclusive, until another, exclusive; seconds."""

    from_s: float = 0.0
    until_s: float = float("inf")

    def covers(self, at_s: float) -> bool:
        return self.from_s <= at_s < self.until_s


def window_of(text: str) -> Window:
    """The window of a text such as `10s..12s`, `..500 ms` or `2 h..`. ValueError says what is wrong."""
    began, dots, ended = text.partition("..")
    if not dots:
        raise ValueError(f"'{text}' is no window of time; write it like {EXAMPLE}")
    whole = Window()
    try:
        from_s = parse(began, SECONDS, "10s") if began.strip() else whole.from_s
        until_s = parse(ended, SECONDS, "12s") if ended.strip() else whole.until_s
    except Refused as refused:
        raise ValueError(f"'{text}' is no window of time: {refused}; write it like {EXAMPLE}") from None
    if from_s >= until_s:
        raise ValueError(f"'{text}' is no window of time: it ends before it begins")
    return Window(from_s, until_s)
