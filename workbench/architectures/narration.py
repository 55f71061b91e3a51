"""Narration: a program that says when each of its operations starts and ends.

It sits between program and engine, so that both engines tell the same story by construction.
"""

from collections.abc import Callable
from typing import Any

from workbench.architectures.operations import (
    Claim,
    Known,
    Letter,
    Now,
    Operation,
    Perform,
    Program,
    Receive,
    Say,
    Together,
    Trouble,
)
from workbench.runs.events import Event, OperationFinished, OperationStarted

Tell = Callable[[Event], None]
UNTOLD = (Now, Known)  # operations of which no story tells
CHOOSING = (Claim, Receive)  # operations whose answer an engine may choose


def narrated(program: Program, tell: Tell, lane: str = "") -> Program:
    """`program`, with every operation and saying told; `tell` stamps time and teller.

    The lanes of a Together have stories of their own, named `0.`, `1.` and, inside each other, `0.1.`.
    """
    answer: Any = None
    trouble: Trouble | None = None
    while True:
        try:
            operation = program.throw(trouble) if trouble else program.send(answer)
        except StopIteration as stop:
            return stop.value
        answer = trouble = None
        if isinstance(operation, Say):
            tell(operation.event)
            continue
        if isinstance(operation, UNTOLD):
            answer = yield operation
            continue
        label, stage, item = operation.label, "", ""
        if isinstance(operation, Perform):
            stage, item = operation.stage, operation.of
        tell(OperationStarted(label=label, stage=stage, item=item, lane=lane))
        if isinstance(operation, Together):
            operation = Together(
                tuple(narrated(own, tell, f"{lane}{number}.") for number, own in enumerate(operation.lanes))
            )
        try:
            answer = yield operation
        except GeneratorExit:
            program.close()
            raise
        except Trouble as raised:
            trouble = raised
            failed = reason(raised)
            tell(OperationFinished(label=label, stage=stage, item=item, lane=lane, outcome="failed", choice=failed))
        else:
            chosen = choice(operation, answer) if operation.__class__ in CHOOSING else ""
            tell(OperationFinished(label=label, stage=stage, item=item, lane=lane, choice=chosen))


def closed(operation: Operation, lane: str) -> OperationFinished:
    """The end of an operation in which a lane was closed; an engine tells it, for the program is not asked."""
    stage, item = (operation.stage, operation.of) if isinstance(operation, Perform) else ("", "")
    return OperationFinished(label=operation.label, stage=stage, item=item, lane=lane, outcome="closed")


def reason(trouble: Trouble) -> str:
    """The trouble in a few words, equal in both engines."""
    return " ".join([type(trouble).__name__, *(str(arg) for arg in trouble.args[:1])])


def choice(operation: Operation, answer: Any) -> str:
    """What the engine chose, where it had a choice: the senders of the letters, or the lease that it answered with."""
    if isinstance(operation, Claim):
        return f"token {answer.token}" if answer is not None else "refused"
    if not isinstance(operation, Receive) or not operation.is_choice:
        return ""
    letters = (answer,) if isinstance(answer, Letter) else answer
    return "from " + " ".join(letter.sender for letter in letters)
