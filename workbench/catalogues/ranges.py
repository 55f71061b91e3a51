"""Ranges: over which sizes the constants of a catalogue's entry were fitted to measurements."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """From the least to the most that was measured, both included; the unit is that of what was measured."""

    least: float
    most: float

    def covers(self, least: float, most: float) -> bool:
        """Whether all from `least` to `most` lies in it."""
        return self.least <= least and most <= self.most
