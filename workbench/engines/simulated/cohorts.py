"""Cohorts: members that do the same at the same time, of whom one is carried out and stands for the others.

A training without losses on equal workers is the same for all members that hold the same part of the model: 512 of them
are then as cheap as one for each part.
"""

from __future__ import annotations

from collections.abc import Mapping


class Cohorts:
    """Who stands for whom; a member that is not named stands for itself."""

    def __init__(self, stands_for: Mapping[str, str] | None = None):
        self.speaker = dict(stands_for or {})
        self._met: dict[tuple[str, ...], tuple[str, ...]] = {}

    def speakers(self, team: tuple[str, ...]) -> tuple[str, ...]:
        """The members that are carried out, each once, in the team's order."""
        return tuple(dict.fromkeys(self.speaker.get(member, member) for member in team))

    def who_meets(self, team: tuple[str, ...]) -> tuple[str, ...]:
        """Which members enter a collective of `team`: all of them, or the one that stands for all.

        ValueError for a team of several cohorts of which one has equals: when its chunks pass, nobody would know.
        """
        if not self.speaker:
            return team
        met = self._met.get(team)
        if met is None:
            met = self.speakers(team)
            if len(met) not in (1, len(team)):
                raise ValueError(f"a collective of {len(team)} members in {len(met)} cohorts")
            self._met[team] = met
        return met
