"""Training work: what each part that a training's program asks for means for the model, whoever carries it out.

Letters hold plain arrays here; an engine that wraps them for its links unwraps them first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from workbench.architectures.federated_data import Portion
from workbench.architectures.operations import Perform
from workbench.architectures.random_streams import stream
from workbench.stages.base import Learner, Learning
from workbench.stages.sections import PartLearner

if TYPE_CHECKING:
    import numpy

    Rows = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]

LEARNING = ("gradient", "forward", "local")  # the parts that compute on the data of a training
NEARLY_HALF = 0.5 + 1e-6  # a bound that falls between two weights does so alike, however its fractions were added up


def opened(learner: Learner | PartLearner) -> dict[str, int]:
    """What a program is told of a stage that is open."""
    told = {"steps": learner.steps, "samples_per_step": learner.samples_per_step}
    if (data := getattr(learner, "dataset", None)) is not None:
        told |= {"rows": len(data.train_y), "classes": len(data.classes)}
    return told


def carry_out(learner: Learning, operation: Perform, member: str, seed: int, replication: int = 0) -> Any:
    """The answer of one part of a training on `member`; the draws of its clients come from `seed` and `replication`."""
    item = operation.item
    match operation.part:
        case "gradient":
            return learner.gradient(*item)
        case "apply":
            return _apply(learner, operation)
        case "sum":
            return sum(item[1:], start=item[0])
        case "back":
            return learner.back(item)
        case "weights":
            return learner.weights()[part_of(learner, operation)]
        case "piece":
            return item[0][part_of(learner, operation)]
        case "load":
            return learner.load_weights(_joined(item))
        case "state":
            return _state(learner, operation)
        case "restore":
            return learner.load_state(_whole_state(item, operation))
        case "local":
            draws = stream(seed, "order", member, item["round"], replication)
            return learner.learn(own_rows(learner, item), item["epochs"], draws)
        case "average":
            return _average(learner, item)
        case "finish":
            if item is not None:
                learner.load_weights(_joined(item))
            return learner.finish()
    raise AssertionError(operation.part)


def part_of(learner: Learning, operation: Perform) -> slice:
    """Which of the flat weights the operation concerns."""
    count = len(learner.weights())
    first, end = (int(at * count + NEARLY_HALF) for at in (operation.first, operation.first + operation.share))
    return slice(first, end)


def update_of(learner: Learning, operation: Perform) -> tuple[int, Any]:
    """(the number of the update, its gradient) of an `apply`.

    Where a number of workers is named nobody waits for the others: the gradient is one worker's share, and is made the
    mean over that worker's own samples.
    """
    step, total, *workers = operation.item
    if not workers:
        return int(step), total
    return learner.step, total * total.dtype.type(workers[0])


def _apply(learner: Learning, operation: Perform) -> None:
    update, gradient = update_of(learner, operation)
    if operation.share == 1.0 and len(operation.item) == 2:
        learner.apply(update, gradient)
    else:
        learner.move(update, gradient, part_of(learner, operation))


def _state(learner: Learning, operation: Perform) -> dict[str, Any]:
    """Everything needed to go on; of the arrays, as many as there are weights, the member's share."""
    state = learner.state()
    if operation.share == 1.0:
        return state
    at, count = part_of(learner, operation), len(learner.weights())
    return {key: value[at] if _is_as_long(value, count) else value for key, value in state.items()}


def _is_as_long(value: Any, count: int) -> bool:
    return getattr(value, "shape", None) == (count,)


def _whole_state(saved: dict[str, Any] | list[dict[str, Any]], operation: Perform) -> dict[str, Any]:
    """One state of all that several servers saved; what is not shared out is the member's own."""
    if not isinstance(saved, list):
        return saved
    own = saved[round(operation.first * len(saved))]
    return {key: _joined([s[key] for s in saved]) if hasattr(value, "shape") else value for key, value in own.items()}


def _joined(parts: Any) -> Any:
    """The value of all weights, from one letter or from those of several servers in their order."""
    if not isinstance(parts, list):
        return parts
    if len(parts) == 1:
        return parts[0]
    import numpy as np

    return np.concatenate(parts)


def _average(learner: Learning, updates: list[list[Any]]) -> None:
    """Move by the mean of [rows, update] of several clients, weighted by rows."""
    rows = sum(own for own, _ in updates)
    moved = sum(update * (own / rows) for own, update in updates)
    learner.load_weights(learner.weights() + moved)
    learner.step += 1


def own_rows(learner: Learning, item: dict[str, Any]) -> Rows:
    """Which training rows lie with a client: of each class, those between its bounds."""
    import numpy as np

    labels = learner.dataset.train_y
    of_class = [np.flatnonzero(labels == number) for number in range(len(learner.dataset.classes))]
    ends = Portion((0.0,) * len(of_class), tuple(item["end"])).rows([len(rows) for rows in of_class])
    sizes = Portion(tuple(item["first"]), tuple(item["end"])).rows([len(rows) for rows in of_class])
    own = [rows[end - size : end] for rows, end, size in zip(of_class, ends, sizes, strict=True)]
    return cast("Rows", np.concatenate(own))
