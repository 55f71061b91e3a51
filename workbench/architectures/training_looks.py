"""Looks: what is seen of models on their way through a training, whoever carries it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from workbench.architectures import training_work
from workbench.architectures.operations import Perform
from workbench.stages.base import Learning, Measure

MOST_LOOKS = 50  # at the accuracy of a model on its way
STEPS_KEPT = 4  # of the weights of members that are at a step which others have left

Measuring = Callable[[], Measure]  # asked only where there is something to tell
Training = tuple[str, str]  # a stage, and which instance of the pipeline


class FirstWeights(Protocol):
    """The weights of whoever came first to a step of a training; those of the latest STEPS_KEPT steps are kept."""

    def at(self, training: Training, step: int, weights: Any) -> Any:
        """Those weights; None if `weights` are now the first ones."""


class Here:
    """The first weights where all members of a team are in one process."""

    def __init__(self) -> None:
        self.kept: dict[Training, dict[int, Any]] = {}

    def at(self, training: Training, step: int, weights: Any) -> Any:
        kept = self.kept.setdefault(training, {})
        if step in kept:
            return kept[step]
        kept[step] = weights
        for old in list(kept)[:-STEPS_KEPT]:
            del kept[old]
        return None


class Looks:
    """Carries the parts of trainings out, and measures how models stand: some 50 times in a training.

    `replicas_apart`: by how much the weights of a member differ from those of the first that came to the same step,
    told where it grows. `update_variance`: the square of the distance of an update from the gradient of all data.
    `accuracy` on what was held out. A run has at most `most_steps` of a training.
    """

    def __init__(self, first: FirstWeights, most_steps: int | None):
        self.first, self.most_steps = first, most_steps
        self.apart: dict[Training, float] = {}  # the most that the weights of two members have differed by
        self.every: dict[Training, int] = {}  # after how many steps to look at replicas
        self.looked: dict[Training, int] = {}  # at the model of a training, after which update

    def carry_out(
        self, learner: Learning, operation: Perform, member: str, draws: tuple[int, int], measuring: Measuring
    ) -> Any:
        """The answer of one part of a training on `member`; `draws` are the seed and the replication."""
        match operation.part:
            case "gradient":
                self.look_at_replica(learner, operation, measuring)
            case "apply":
                return self._apply(learner, operation, member, draws, measuring)
        answer = training_work.carry_out(learner, operation, member, *draws)
        if operation.part == "average":
            self.look_at_model(learner, learner.step - 1, measuring())
        return answer

    def _apply(
        self, learner: Learning, operation: Perform, member: str, draws: tuple[int, int], measuring: Measuring
    ) -> None:
        step, _, *workers = operation.item
        update = learner.step if workers else int(step)
        look = operation.share == 1.0 and self.is_due(learner, operation, update, *workers)
        if look:
            _, gradient = training_work.update_of(learner, operation)
            self.look_at_update(learner, update, gradient, measuring())
        training_work.carry_out(learner, operation, member, *draws)
        if look:
            self.look_at_model(learner, update, measuring())

    def is_due(self, learner: Learning, operation: Perform, update: int, workers: int = 1) -> bool:
        """Whether to look, where this is the first member that comes to this update."""
        if (update + 1) % self._every(learner, workers):
            return False
        training = operation.stage, operation.of
        if self.looked.get(training, -1) >= update:
            return False
        self.looked[training] = update
        return True

    def _every(self, learner: Learning, workers: int = 1) -> int:
        """After how many updates to look."""
        return max(1, workers * min(learner.steps, self.most_steps or learner.steps) // MOST_LOOKS)

    def look_at_replica(self, learner: Learning, operation: Perform, measuring: Measuring) -> None:
        step, training = operation.item[0], (operation.stage, operation.of)
        if training not in self.every:
            self.every[training] = self._every(learner)
        if step % self.every[training]:
            return
        weights = learner.weights()
        first = self.first.at(training, step, weights)
        if first is None:
            return
        apart = _apart(weights, first)
        if apart > self.apart.get(training, -1.0):
            self.apart[training] = apart
            measuring()("replicas_apart", apart, "", step)

    def look_at_update(self, learner: Learning, update: int, gradient: Any, measure: Measure) -> None:
        import numpy as np

        count = len(learner.dataset.train_y)
        exact, _ = learner.gradient_of(np.arange(count), count)
        distance = float(np.square((gradient - exact).astype(np.float64)).sum())
        measure("update_variance", distance, "", update)

    def look_at_model(self, learner: Learning, update: int, measure: Measure) -> None:
        measure("accuracy", learner.accuracy(), "", update)


def _apart(one: Any, other: Any) -> float:
    """The most by which two members' weights differ."""
    if one is other:
        return 0.0
    import numpy as np

    differences = one - other
    return float(np.abs(differences, out=differences).max())
