"""Programs with lanes that both engines carry out: real members import this module by name."""

from workbench.architectures.operations import (
    AllReduce,
    Perform,
    Receive,
    Send,
    StageFailed,
    TimedOut,
    Together,
    Wait,
    WorkerLost,
)

BUCKETS, STEPS = 4, 3


def overlapping(me, team, what):
    """Work in one lane, and sums of what it hands over in another; two lanes more sum beside each other."""
    totals = []
    for step in range(STEPS):
        _, summed, *beside = yield Together(
            (_compute(me, step, what), _sum(me, team, step), _reduce(team, what(10)), _reduce(team, what(100)))
        )
        totals.append([summed, *beside])
    return totals


def _compute(me, step, what):
    for bucket in range(BUCKETS):
        yield Perform("layer", "backward", 0.02)
        yield Send(me, what(bucket), f"bucket {step} {bucket}")


def _sum(me, team, step):
    totals = []
    for bucket in range(BUCKETS):
        letter = yield Receive(me, f"bucket {step} {bucket}")
        totals.append((yield AllReduce(team, letter.what)))
    return totals


def _reduce(team, own):
    return (yield AllReduce(team, own))


def nested(me, team, what):
    """The trouble of an inner lane closes the lanes beside it, and then those beside its Together."""

    def impatient():
        yield Perform("layer", "short", 0.01)
        yield Receive("nobody", timeout_s=0.05)

    def inner():
        yield Together((impatient(), _work("long", 0.3), _work("never begun", 0.0)))

    try:
        yield Together((_rest(), inner()))
    except TimedOut:
        return "timed out"


def _work(part, seconds):
    yield Wait(0.02)
    return (yield Perform("layer", part, seconds))


def _rest():
    yield Wait(600)


def bereaved(me, team, what):
    """Two lanes sum until a member is lost; the survivors go on without it, in lanes again."""
    rounds, left = 0, team
    while rounds < 30 or len(left) == len(team):
        try:
            sums = yield Together((_reduce(left, what(1)), _reduce(left, what(2)), _work("step", 0.002)))
        except WorkerLost as lost:
            left = tuple(member for member in left if member != lost.worker)
        else:
            rounds += 1
    return [list(left), sums[:2]]


def entangled(me, team, what):
    """Every lane waits for a letter that nobody writes."""
    yield Together((_letter(team[0], "left"), _letter(team[-1], "right")))


def _letter(sender, tag):
    yield Receive(sender, tag)


def failing(me, team, what):
    """A stage fails in one lane, while the other is in a sum with members that never come to it."""

    def broken():
        yield Wait(0.1)
        yield Perform("broken")

    if me == team[0]:
        try:
            yield Together((_reduce(team, what(1)), broken()))
        except StageFailed as failed:
            return failed.cause
    return "elsewhere"


def handing_over(me, team, what):
    """Two lanes hand letters to and fro, and each looks for the next one as soon as it has sent its own."""

    def one(first, second):
        for number in range(4000):
            yield Send(me, None, f"{first} {number}")
            yield Receive(me, f"{second} {number}")
        return number + 1

    return (yield Together((one("to", "fro"), one("fro", "to"))))


PLAYS = {play.__name__: play for play in (overlapping, nested, bereaved, entangled, failing, handing_over)}


def cast(seat, tell):
    from real_programs import perform

    play = PLAYS[seat.arguments["play"]]
    return play(seat.me, tuple(seat.arguments["team"]), float_array), perform


def float_array(value):
    import numpy as np

    return np.full(1000, float(value), np.float32)
