"""Clients that all learn on the first tenth of everybody's rows: what a test of data that stays must notice."""

from dataclasses import replace

from workbench.architectures.operations import Perform
from workbench.engines.real import member


def make(seat, tell):
    program, perform = member.from_scenario(seat, tell)

    def elsewhere(operation):
        if isinstance(operation, Perform) and operation.part == "local":
            classes = len(operation.item["first"])
            operation = replace(operation, item={**operation.item, "first": [0.0] * classes, "end": [0.1] * classes})
        return perform(operation)

    return program, elsewhere
