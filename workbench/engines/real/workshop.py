"""The workshop of a member: carries out the work of stages on real data."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from workbench.architectures import part_work, training_work
from workbench.architectures.items import parted
from workbench.architectures.operations import Finding, Known, Perform, StageFailed
from workbench.architectures.schedule import METRIC
from workbench.architectures.training_looks import Looks
from workbench.document.flow import metrics_asked
from workbench.document.scenario import Scenario
from workbench.engines.real.earlier import Earlier, Measures, kept
from workbench.engines.real.shelf import Shelf
from workbench.engines.real.took import Took, printing_as
from workbench.runs.events import Event, Measured, Warned
from workbench.stages import trust, values
from workbench.stages.base import BadInput, Context, Learning, Measure, TrainingStage
from workbench.stages.check import build
from workbench.stages.fingerprint import Parts
from workbench.stages.sections import Holds, PartLearner

Tell = Callable[[Event], None]

OUTER = ("run", "open", "finish")  # the parts in which code of a user's may print
NOTABLE = 1.05  # times as much as before


@dataclass(frozen=True)
class Opened:
    """A training that this member takes part in: its inputs by digest, what it rests on, and what it has taken."""

    inputs: dict[str, Any]
    basis: Parts | None
    measured: Measures
    took: Took


class Workshop:
    """The stages of a scenario, and the learners of those that this member trains; `in_flight` as in its shelf."""

    def __init__(
        self,
        me: str,
        scenario: Scenario,
        folder: Path,
        run: Path,
        tell: Tell,
        earlier: Earlier,
        looks: Looks,
        in_flight: int | None = None,
        holds: Holds = "everything",
    ):
        self.me, self.earlier, self.holds = me, earlier, holds
        self.opened: dict[tuple[str, str], Opened] = {}
        self.shelf = Shelf(me, scenario, run, tell, in_flight)
        self.asked = metrics_asked(scenario.pipeline, scenario.workload)
        self.most_bytes = 0.0  # by which any item has let this member grow
        self.scenario, self.folder, self.run, self.tell = scenario, folder, run, tell
        self.learners: dict[tuple[str, str], Learning | PartLearner] = {}
        self.looks = looks
        self.diverged: set[str] = set()

    def perform(self, operation: Perform | Known) -> Any:
        """The result of one piece of work, or what is known of it. StageFailed, with a cause that its user can read."""
        if isinstance(operation, Known):
            return self._known(operation)
        if operation.part not in OUTER:
            return self._attempt(operation)
        with printing_as(operation.stage, operation.of):
            return self._attempt(operation)

    def _attempt(self, operation: Perform) -> Any:
        try:
            return self._perform(operation)
        except StageFailed:
            raise
        except BadInput as error:
            raise StageFailed(operation.stage, str(error)) from error
        except (Exception, SystemExit) as error:
            traceback.print_exc()  # goes to the log of the run
            raise StageFailed(operation.stage, f"{type(error).__name__}: {error}") from error

    def _known(self, asked: Known) -> Finding:
        """A store of results that cannot be read or written costs work, and nothing else."""
        try:
            return self.earlier.ask(asked)
        except OSError as error:
            return Finding(None, f"unreadable {error.strerror}")

    def _perform(self, operation: Perform) -> Any:
        if operation.part == "run":
            return self._run(operation)
        if operation.part == "open":
            return self._open(operation)
        return self._train(self.learners[operation.stage, operation.of], operation)

    def _run(self, operation: Perform) -> dict[str, Any]:
        use = self.scenario.pipeline.stage(operation.stage)
        assert use is not None
        measured: Measures = {}
        context = self._context(operation, measured)
        basis = self.earlier.basis(operation.stage, operation.item, operation.of)
        took = Took()
        made = build(use).work(took.takes(self.shelf.take(operation)), context)
        outputs = self.shelf.keep(operation.stage, made, context.measure) | self._found(operation.stage, measured)
        self._tell_kept(operation, outputs)
        event = took.gives(operation.stage, operation.of, made)
        self.tell(event)
        if parted(operation.of)[1] is not None and event.memory_bytes > NOTABLE * self.most_bytes:
            self.most_bytes = float(event.memory_bytes)
            self.shelf.weigh(operation.stage, self.most_bytes)
        self._keep_result(operation, operation.item, basis, outputs, measured)
        return outputs

    def _keep_result(
        self, operation: Perform, inputs: dict[str, Any], basis: Parts | None, outputs: dict[str, Any], seen: Measures
    ) -> None:
        """Let later runs find a result, if what it rests on is still what it was when work on it began."""
        stage, of = operation.stage, operation.of
        try:
            if basis is not None and basis == self.earlier.basis(stage, inputs, of):
                self.earlier.keep(stage, basis, outputs, seen)
        except OSError as error:
            print(f"the result of {stage} is not kept for later runs: {error}")  # goes to the log of the run

    def _found(self, stage: str, measured: Measures) -> dict[str, float]:
        """What conditions or the event of the scenario ask about, beside a stage's outputs; it may not be there."""
        return {METRIC + name: measured[name][0] for name in self.asked.get(stage, ()) if name in measured}

    def _open(self, operation: Perform) -> dict[str, Any]:
        use = self.scenario.pipeline.stage(operation.stage)
        assert use is not None
        stage = build(use)
        assert isinstance(stage, TrainingStage)
        measured: Measures = {}
        took = Took()
        inputs, context = took.takes(self.shelf.take(operation)), self._context(operation, measured)
        basis = self.earlier.basis(operation.stage, operation.item, operation.of)
        self.opened[operation.stage, operation.of] = Opened(operation.item, basis, measured, took)
        if self.holds == "everything":
            whole = cast(Learning, stage.learner(inputs, context))
            self.learners[operation.stage, operation.of] = whole
            return training_work.opened(whole)
        part = stage.part_learner(self.holds, inputs, context)
        self.learners[operation.stage, operation.of] = part
        sized = {port: values.size_of(value) for port, value in inputs.items()}
        return training_work.opened(part) | part_work.to_cut(stage.step_cost(sized))

    def _tell_memory(self, learner: Learning | PartLearner, operation: Perform) -> None:
        """What the training has taken at most, once its last step is done."""
        item = operation.item
        step = item["step"] if isinstance(item, dict) else item[0]
        if step + 1 != min(learner.steps, self.scenario.run.steps or learner.steps):
            return
        taken_bytes = self.opened[operation.stage, operation.of].took.growth.bytes
        measure = self._context(operation, {}).measure
        measure("memory_bytes", taken_bytes, "B")
        measure("memory_share", taken_bytes / self.scenario.cluster.pools[self.me].memory)

    def _train(self, learner: Learning | PartLearner, operation: Perform) -> Any:
        if self.holds == "everything":
            measured, draws = self.opened[operation.stage, operation.of].measured, (self.scenario.run.seed, 0)
            answer = self.looks.carry_out(
                cast(Learning, learner), operation, self.me, draws, lambda: self._measure(operation.stage, measured)
            )
        else:
            answer = part_work.carry_out(cast(PartLearner, learner), operation)
        if operation.part == "apply":
            self._tell_memory(learner, operation)
        if operation.part != "finish":
            return answer
        opened = self.opened[operation.stage, operation.of]
        outputs = self.shelf.keep(operation.stage, answer, self._context(operation, opened.measured).measure)
        outputs |= self._found(operation.stage, opened.measured)
        self.tell(opened.took.gives(operation.stage, operation.of, answer))
        self._tell_kept(operation, outputs)
        self._keep_result(operation, opened.inputs, opened.basis, outputs, opened.measured)
        return outputs

    def _tell_kept(self, operation: Perform, outputs: dict[str, Any]) -> None:
        """Where the values of a stage lie, but for those of single items: there may be very many."""
        if parted(operation.of)[1] is None:
            for fact in kept(operation.stage, operation.of, outputs):
                self.tell(fact)

    def _context(self, operation: Perform, measured: Measures) -> Context:
        outbox = self.run / "outbox"
        outbox.mkdir(exist_ok=True)
        if (item := parted(operation.of)[1]) is not None:  # files of items must not replace each other
            outbox /= f"{self.shelf.group_of[operation.stage].id}-{item}"
        instance, _ = parted(operation.of)
        return Context(
            instance=int(instance or 0),
            folder=self.folder,
            outbox=outbox,
            seed=self.scenario.run.seed,
            measure=self._measure(operation.stage, measured),
            trusted=trust.is_trusted,
        )

    def _measure(self, stage: str, measured: Measures) -> Measure:
        def measure(name: str, value: float, unit: str = "", step: int = -1) -> None:
            if not math.isfinite(value):
                self._warn_once(stage)
                return
            measured[name] = float(value), unit
            self.tell(Measured(name=name, value=float(value), unit=unit, stage=stage, step=step))

        return measure

    def _warn_once(self, stage: str) -> None:
        """A training that has lost its way has no numbers to tell."""
        if stage not in self.diverged:
            self.diverged.add(stage)
            self.tell(Warned(code="diverged", text=f"the training of {stage} diverged; smaller steps may help"))
