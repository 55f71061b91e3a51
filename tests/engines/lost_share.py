"""Servers of which the second gives its workers nothing but noughts: what a test of shared-out weights must notice."""

from dataclasses import replace

from workbench.architectures.operations import Send
from workbench.engines.real import member


def make(seat, tell):
    program, performer = member.from_scenario(seat, tell)
    return (emptied(program) if seat.me == "w1" else program), performer


def emptied(program):
    answer = None
    while True:
        try:
            operation = program.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(operation, Send) and operation.tag.startswith("weights"):
            *told, weights = operation.what
            operation = replace(operation, what=[*told, 0 * weights])
        answer = yield operation
