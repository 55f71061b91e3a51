"""Small programs for the tests of the real engine; members import this module by name."""

import time
from itertools import count

import numpy as np

from workbench.architectures.operations import (
    Agree,
    AllReduce,
    Perform,
    Recall,
    Receive,
    Record,
    Say,
    Send,
    StageFailed,
    TimedOut,
    Wait,
    WorkerLost,
)
from workbench.architectures.training import regroup
from workbench.runs.events import Recorded, StepsFinished


def perform(operation):
    """Work that takes `item` seconds, or fails."""
    if operation.stage == "broken":
        raise StageFailed("broken", "row 7 has no label")
    time.sleep(operation.item or 0)
    return operation.part


def cast(seat, tell):
    """The program of `seat.arguments["play"]`, for a team of `seat.arguments["team"]`."""
    return PLAYS[seat.arguments["play"]](seat.me, tuple(seat.arguments["team"]), seat.arguments), perform


def ring(me, team, arguments):
    """Every member's array goes around; all-reduce must give the same sum."""
    place = team.index(me)
    left, right = team[place - 1], team[(place + 1) % len(team)]
    own = np.arange(arguments["size"], dtype=np.float32) * (place + 1)
    total, passed = own.copy(), own
    for _ in range(len(team) - 1):
        yield Send(right, passed, "pass")
        passed = (yield Receive(left, "pass")).what
        total += passed
    reduced = yield AllReduce(team, own)
    least = yield Agree(team, 10 - place)
    return [bool(np.allclose(total, reduced)), float(reduced[-1]), least]


def survivors(me, team, arguments):
    """All-reduce again and again, with whoever is left."""
    step, steps = 0, arguments["steps"]
    while step < steps:
        try:
            total = yield AllReduce(team, np.ones(1000, np.float32))
        except WorkerLost as lost:
            team, step = yield from regroup(team, step, lost)
            continue
        yield Say(StepsFinished(first=step, last=step, samples=len(team)))
        step += 1
        if arguments.get("pause"):
            yield Wait(arguments["pause"])
    return [list(team), float(total[0])]


def remembering(me, team, arguments):
    """The first keeps a count that it recalls when it begins again; the others wait for its word."""
    if me != team[0]:
        losses = 0
        while True:
            try:
                letter = yield Receive(team[0], "over")
            except WorkerLost:
                losses += 1
            else:
                return [losses, letter.what]
    known = yield Recall("count/")
    begun = len(known)
    for number in range(begun, 60):
        yield Record(((f"count/{number:03}", np.full(3, number)),))
        yield Say(Recorded(kind="done", key=str(number)))
        yield Wait(0.01)
    for other in team[1:]:
        yield Send(other, begun, "over")
    known = yield Recall("count/")
    return [begun, [int(known[key][0]) for key in sorted(known)]]


def talkative(me, team, arguments):
    """Says a number, then sends it, for ever; the last member listens until the talker is lost."""
    if me == team[0]:
        for number in count():
            yield Say(Recorded(kind="done", key=str(number)))
            yield Send(team[-1], number, "number")
            yield Wait(0.001)
    heard = []
    try:
        while True:
            heard.extend(letter.what for letter in (yield Receive(team[0], "number", most=64)))
    except WorkerLost:
        yield Send(team[0], "nobody reads this", "number")
        return heard


def flooding(me, team, arguments):
    """Two members each send far more than a link holds before they read: none may be kept waiting for ever."""
    other = team[1 - team.index(me)]
    block = np.arange(4 << 20, dtype=np.float32)
    for number in range(8):
        yield Send(other, [number, block], "block")
    if me == team[0]:
        yield Perform("slow", item=0.3)
    sums = []
    for _ in range(8):
        number, came = (yield Receive(other, "block")).what
        sums.append([number, float(came[-1])])
    return sums


def stuck(me, team, arguments):
    """Each waits for a letter of the next."""
    yield Receive(team[(team.index(me) + 1) % len(team)], "word")


def failing(me, team, arguments):
    if me == team[0]:
        yield Perform("broken")
    yield Receive(team[0])


def faulty(me, team, arguments):
    if me == team[0]:
        raise KeyError("our own mistake")
    yield Receive(team[0])


def patient(me, team, arguments):
    try:
        yield Receive(team[0], timeout_s=0.05)
    except TimedOut:
        return "timed out"


def printing(me, team, arguments):
    print("a line that a stage prints")
    yield Wait(0.0)


def busy(me, team, arguments):
    yield Perform("long", item=600)


PLAYS = {
    play.__name__: play
    for play in (ring, survivors, remembering, talkative, flooding, stuck, failing, faulty, patient, printing, busy)
}
