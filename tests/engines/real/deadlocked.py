"""Members of which two wait for each other for ever."""

from workbench.architectures.operations import Receive
from workbench.engines.real import member


def make(seat, tell):
    program, performer = member.from_scenario(seat, tell)
    other = {"w0": "w1", "w1": "w0"}.get(seat.me)
    return (waiting(other) if other else program), performer


def waiting(other):
    yield Receive(other, "word")
