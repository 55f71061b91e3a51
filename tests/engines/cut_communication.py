"""Members whose gradients never reach the others: what a test of communication must notice."""

from workbench.architectures.operations import AllReduce
from workbench.engines.real import member


def make(seat, tell):
    program, performer = member.from_scenario(seat, tell)
    return alone(program), performer


def alone(program):
    answer = None
    while True:
        try:
            operation = program.send(answer)
        except StopIteration as stop:
            return stop.value
        answer = operation.what if isinstance(operation, AllReduce) else (yield operation)
