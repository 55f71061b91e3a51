"""Small programs for the tests of the real engine; members import this module by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.architectures.operations import AllReduce, Perform, Program, Receive, Say, Send
from workbench.runs.events import Recorded

TEAM = ("w0", "w1", "w2", "w3")


def perform(operation: Perform) -> Any:
    return {"stage": operation.stage, "item": operation.item}


def neighbours(me: str, team: tuple[str, ...]) -> tuple[str, str]:
    place = team.index(me)
    return team[place - 1], team[(place + 1) % len(team)]


def ring(me: str, tell: Any, arguments: dict[str, Any]) -> Any:
    team = tuple(arguments["team"])

    def program() -> Program:
        left, right = neighbours(me, team)
        held = {me: np.full(arguments["size"], team.index(me), np.float32)}
        passed: Any = [me, held[me]]
        for _ in range(len(team) - 1):
            yield Send(right, passed, "pass")
            letter = yield Receive(left, "pass")
            passed = letter.what
            held[passed[0]] = passed[1]
            yield Say(Recorded(kind="done", key=passed[0]))
        total = yield AllReduce(team, held[me])
        return [sorted(held), sum(held.values()), total]

    return program(), perform
