"""Losses that a member was told of earlier, told again to a program that begins with the lost one in its team."""

from __future__ import annotations

from workbench.architectures.operations import Operation, Perform, Program, Together, Trouble, WorkerLost
from workbench.architectures.training import Part


def heeding(program: Part, gone: dict[str, int], tokens: dict[str, int]) -> Part:
    """`program`, to which the loss of a member of its team is told even if an earlier program was told of it.

    `tokens` are the team's, each of one life of a worker; `gone` are those of the lives that are known to have ended,
    and learns what this program is told. An engine tells a loss once.
    """
    untold = [worker for worker, token in tokens.items() if gone.get(worker) == token]
    return (yield from _heeding(program, gone, tokens, untold))


def _heeding(program: Program, gone: dict[str, int], tokens: dict[str, int], untold: list[str]) -> Part:
    answer, trouble = None, None
    while True:
        try:
            operation = program.throw(trouble) if trouble else program.send(answer)
        except StopIteration as stop:
            return stop.value
        answer, trouble = None, _told_before(operation, untold)
        if trouble is not None:
            continue
        if isinstance(operation, Together):
            operation = Together(tuple(_heeding(lane, gone, tokens, untold) for lane in operation.lanes))
        try:
            answer = yield operation
        except GeneratorExit:
            program.close()
            raise
        except WorkerLost as lost:
            if lost.worker in tokens:
                gone[lost.worker] = tokens[lost.worker]
            trouble = lost
        except Trouble as raised:
            trouble = raised


def _told_before(operation: Operation, untold: list[str]) -> Trouble | None:
    for worker in untold:
        if not isinstance(operation, Perform) and operation.waits_for(worker):
            untold.remove(worker)
            return WorkerLost(worker)
    return None
