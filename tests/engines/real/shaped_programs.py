"""Small programs for the tests of shaped links; members import this module by name."""

import time

import numpy as np

from workbench.architectures.operations import Agree, AllReduce, Now, Receive, Send

SLEEP_S = 5e-3


def perform(operation):
    raise AssertionError("nothing is to be performed")


def cast(seat, tell):
    return PLAYS[seat.arguments["play"]](seat.me, tuple(seat.arguments["team"]), seat.arguments), perform


def summing(me, team, arguments):
    """Sums again and again: whether they are right, how long each took, and how late this machine ends a sleep."""
    own = np.full(arguments["size"] // 4, team.index(me) + 1.0, np.float32)
    took_s, late_s, right = [], [], True
    for _ in range(arguments["times"]):
        yield Agree(team)  # that all begin at once
        began_s = yield Now()
        total = yield AllReduce(team, own)
        took_s.append((yield Now()) - began_s)
        right = right and bool((total == len(team) * (len(team) + 1) / 2).all())
        asleep_s = time.monotonic()
        time.sleep(SLEEP_S)
        late_s.append(time.monotonic() - asleep_s - SLEEP_S)
    return [right, took_s, sum(late_s) / len(late_s)]


def rushing(me, team, arguments):
    """All send to the first at the same moment: when it has each letter, in seconds after they were sent."""
    first, *others = team
    if me in others:
        yield Receive(first, "now")
        yield Send(first, np.zeros(arguments["size"], np.uint8), "rush")
        return None
    began_s = yield Now()
    for other in others:
        yield Send(other, None, "now")
    arrivals = []
    for _ in others:
        yield Receive(tag="rush")
        arrivals.append((yield Now()) - began_s)
    return arrivals


PLAYS = {play.__name__: play for play in (summing, rushing)}
