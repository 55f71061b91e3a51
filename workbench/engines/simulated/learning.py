"""Virtual-time training: the simulated clock with a stage's own gradients.

The clock decides who computes on which weights and when; what is computed is what a real run computes. Letters are as
big, and work takes as long, as without learning, so that the story differs by what is measured of the model only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from workbench.architectures import training_work
from workbench.architectures.operations import Perform, StageFailed
from workbench.architectures.random_streams import stream
from workbench.architectures.training_looks import Here, Looks
from workbench.document.scenario import Scenario
from workbench.engines.simulated.found import artifacts_of
from workbench.engines.simulated.member import Later
from workbench.engines.simulated.network import Blob, Data, Network
from workbench.engines.simulated.work import Work
from workbench.runs.events import Event, Measured, Warned
from workbench.runs.items import is_item
from workbench.stages import trust
from workbench.stages.base import BadInput, Context, Learning, TrainingStage
from workbench.stages.check import build
from workbench.stages.replicas import Replicas

FOR_THE_USER = ("deploy", "monitor")  # groups that write files or look at clocks; a simulated run does neither


class LearningWork(Work):
    """Work that is also done: `tell(event, who)` is told what is measured on the way, at the end of the work.

    Values stay in memory by the name of their artifact. A replication has data and first weights of its own.
    """

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        replication: int,
        network: Network,
        run: Path,
        tell: Callable[[Event, str], None],
    ):
        super().__init__(scenario, folder, scenario.run.seed, replication, network)
        self.scenario, self.folder, self.run, self.tell = scenario, folder, run, tell
        self.replication, self.seed = replication, scenario.run.seed
        if replication:
            self.seed = int(stream(scenario.run.seed, "learn", replication).integers(2**31))
        self.stages = {use.id: build(use) for use in scenario.pipeline.stages}
        self.values: dict[str, Any] = {}
        self.learners: dict[tuple[str, str, str], Learning] = {}
        self.trained: dict[tuple[str, str], Replicas] = {}  # what those of one training share
        self.looks = Looks(Here(), scenario.run.steps)  # which take no time
        self.diverged: set[tuple[str, str]] = set()

    def answer(self, member: str, operation: Perform) -> Any:
        told = super().answer(member, operation)
        if operation.part == "gradient" and (own := self.learners.get((member, operation.stage, operation.of))):
            own.expect(*operation.item)
        return Later(lambda: self._do(member, operation, told))

    def _do(self, member: str, operation: Perform, told: Any) -> Any:
        """The answer of `operation`: as big as what was `told` of it, and with what it is. StageFailed."""
        try:
            if operation.part == "run":
                return self._run(member, operation, told)
            if operation.part == "open":
                return self._open(member, operation, told)
            value = self._train(member, self.learners[member, operation.stage, operation.of], operation)
        except (BadInput, OSError) as error:
            raise StageFailed(operation.stage, str(error)) from error
        if operation.part == "finish":
            return self._keep(told, value)
        return Data(told.size_bytes, value) if isinstance(told, Blob) else told

    def _run(self, member: str, operation: Perform, told: dict[str, str]) -> dict[str, str]:
        stage = self.stages[operation.stage]
        taken = artifacts_of(operation.item)
        whole = not is_item(operation.of) and all(artifact in self.values for artifact in taken)
        if stage.group in FOR_THE_USER or not whole:
            return told  # by its cost alone, as without learning
        inputs = {port: self.values[artifact] for port, artifact in operation.item.items()}
        return self._keep(told, stage.work(inputs, self._context(member, operation)))

    def _keep(self, names: dict[str, str], values: dict[str, Any]) -> dict[str, str]:
        self.values.update((names[port], value) for port, value in values.items())
        return names

    def _open(self, member: str, operation: Perform, told: dict[str, Any]) -> dict[str, Any]:
        """A learner for this member."""
        stage = cast(TrainingStage, self.stages[operation.stage])
        values = {port: self.values[artifact] for port, artifact in operation.item.items()}
        learner = cast(Learning, stage.learner(values, self._context(member, operation)))
        training = operation.stage, operation.of
        replicas = self.trained.setdefault(training, Replicas())
        if (before := self.learners.pop((member, *training), None)) is not None:
            replicas.forget(before)
        learner.join(replicas)
        self.learners[member, operation.stage, operation.of] = learner
        return told | training_work.opened(learner)

    def _context(self, member: str, operation: Perform) -> Context:
        def measure(name: str, value: float, unit: str = "", step: int = -1) -> None:
            if not math.isfinite(value):
                self._warn_once(operation)
                return
            self.tell(Measured(name=name, value=float(value), unit=unit, stage=operation.stage, step=step), member)

        return Context(self.folder, self.run / "outbox", self.seed, measure, trust.is_trusted)

    def _warn_once(self, operation: Perform) -> None:
        """A training that has lost its way has no numbers to tell."""
        training = operation.stage, operation.of
        if training not in self.diverged:
            self.diverged.add(training)
            text = f"the training of {operation.stage} diverged; smaller steps may help"
            self.tell(Warned(code="diverged", text=text), "")

    def _train(self, member: str, learner: Learning, operation: Perform) -> Any:
        if operation.item is not None and operation.part != "gradient":  # whose items hold no letters
            of = operation
            operation = Perform(of.stage, of.part, _plain(of.item), of.of, of.share, of.first)
        draws = self.seed, self.replication
        return self.looks.carry_out(learner, operation, member, draws, lambda: self._context(member, operation).measure)


def _plain(what: Any) -> Any:
    """What stands in letters, without the sizes that it has on links."""
    if isinstance(what, list):
        return [_plain(part) for part in what]
    return what.value if isinstance(what, Data) else what
