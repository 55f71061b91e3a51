"""What a stage is: a frozen model whose fields are its parameters, with typed ports, a cost and work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from workbench.document.problems import Problem
from workbench.stages.sections import Holds, PartLearner

PORT_TYPES = ("table", "dataset", "model", "metrics", "file")
GROUPS = ("ingest", "prepare", "features", "train", "evaluate", "deploy", "monitor", "custom")


@dataclass(frozen=True)
class Port:
    """A typed place where links end: `type` is one of PORT_TYPES."""

    name: str
    type: str
    optional: bool = False


@dataclass(frozen=True)
class Level:
    """A column of a table whose values are few: text, or whole numbers that may be classes; `distinct` values."""

    column: str
    distinct: int
    text: bool


@dataclass(frozen=True)
class Size:
    """How big a value is, known without computing it: what the simulator passes along links instead of data.

    `rows` and `columns` of the table (of the training part, for a dataset), `test_rows` of its held-out part,
    `classes` of the label, `bytes` of the whole value, of which the fitted preparation takes `carried_bytes`.
    `levels` (of a table) are what tells the width of its encoding; they are a forecast and not compared.
    """

    rows: int = 0
    columns: int = 0
    test_rows: int = 0
    classes: int = 0
    bytes: float = 0.0
    carried_bytes: float = 0.0
    levels: tuple[Level, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Cost:
    """What one execution costs: arithmetic `operations`, `memory_bytes` moved, and the size of each output."""

    operations: float
    memory_bytes: float
    outputs: Mapping[str, Size] = field(default_factory=dict)

    @property
    def bytes_out(self) -> float:
        return sum(size.bytes for size in self.outputs.values())


class Measure(Protocol):
    """Tells a number with its unit to the run; `step` where it belongs to a training step."""

    def __call__(self, name: str, value: float, unit: str = "", step: int = -1) -> None: ...


def _silent(name: str, value: float, unit: str = "", step: int = -1) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class Context:
    """What the work of a stage may use besides its inputs.

    `folder` is where the scenario lies (relative paths start there), `outbox` where files for the user are written,
    `measure(name, value, unit)` tells a number to the run, `trusted(digest)` whether the user trusts
    code of that SHA-256, `instance` which of the pipeline's instances is at work.
    """

    folder: Path
    outbox: Path
    seed: int
    measure: Measure = _silent
    trusted: Callable[[str], bool] = lambda digest: False
    instance: int = 0


class BadInput(ValueError):
    """What the user gave a stage cannot be worked on; the text says where (row, column) and what would be right."""


def parameter(default: Any, english: str, japanese: str, **limits: Any) -> Any:
    """A field of a stage with its description in both languages; the Japanese one is `ja` in the JSON Schema."""
    return Field(default=default, description=english, json_schema_extra={"ja": japanese}, **limits)


class Stage(BaseModel):
    """A kind of stage. Subclasses set the class variables, declare their parameters as fields, and say cost and work.

    Names and texts shown to people come from `title` and `doc` (English) and `title_ja`, `doc_ja` (Japanese).
    `measures` are the names of what the work tells to the run, which expectations may ask for by `…_of_<stage>`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    group: ClassVar[str]
    title: ClassVar[str]
    title_ja: ClassVar[str]
    doc: ClassVar[str]
    doc_ja: ClassVar[str]
    inputs: ClassVar[tuple[Port, ...]] = ()
    outputs: ClassVar[tuple[Port, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = ()
    runs_user_code: ClassVar[bool] = False

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        """The cost of one execution on inputs of these sizes; reads at most the head of a file, and no data."""
        raise NotImplementedError

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """One execution: a value for every output port. BadInput for what the user can mend."""
        raise NotImplementedError

    def tells(self) -> tuple[str, ...]:
        """The names of what this stage measures, as it is set."""
        return self.measures

    def differs(self) -> bool:
        """Whether equal inputs lead to something else in another instance of the pipeline."""
        return False

    def rests_on(self) -> list[str] | None:
        """The files by name that the result depends on, besides parameters and inputs.

        None where no earlier result can stand for the work: it writes or serves something, or asks the world.
        """
        return None if self.group in ("ingest", "deploy", "custom") else []

    def problems(self, folder: Path) -> list[Problem]:
        """What types alone cannot refuse; the place of each problem is the name of a parameter."""
        return []


@dataclass(frozen=True)
class Layer:
    """A part of a model that no pipeline cuts: what it costs, and how big what it hands on is.

    `operations` of the forward pass of the whole global batch, `activation_bytes` of what the next layer is handed
    for the whole global batch. `whole_bytes` and `split_bytes` are all activations that it makes: those that every
    member of a team that splits the layer makes, and those of which each makes its share. `sums` is how often such a
    team adds up what its members have, in each direction.
    """

    name: str
    parameters: int
    operations: float
    activation_bytes: float
    whole_bytes: float = 0.0
    split_bytes: float = 0.0
    sums: int = 1


@dataclass(frozen=True)
class StepCost:
    """What one training step costs, and how big what it communicates is.

    `operations` of the gradient of the whole global batch (members divide it), `apply_operations` of one optimiser
    step, `gradient_bytes` of the flat gradient (weights are as big), `state_bytes` of a checkpoint;
    `open_…` of the learner's making, `finish_operations` of its end; `layers` in their order, where a model has any;
    `rows` and `classes` of the data that it is trained on; `transformer` where layers run as an accelerator's kernels
    for such layers do.
    """

    steps: int
    samples_per_step: int
    operations: float
    memory_bytes: float
    apply_operations: float
    gradient_bytes: float
    state_bytes: float
    open_operations: float = 0.0
    open_memory_bytes: float = 0.0
    finish_operations: float = 0.0
    layers: tuple[Layer, ...] = ()
    rows: int = 0
    classes: int = 1
    transformer: bool = False


class Learner(Protocol):
    """A model in training on one member. All members of a team build equal learners and see the same batches.

    A step covers one global batch of which each member computes a share. Gradients are flat float32 arrays that hold
    the *sum over the member's samples divided by the size of the global batch*, so that adding up the shares gives
    the mean gradient, whatever the number of members.
    """

    steps: int  # steps in the whole training
    samples_per_step: int

    def gradient(self, step: int, rank: int, members: int) -> Any:
        """The member's share of the gradient of `step`: float32 array of shape (parameters,)."""

    def apply(self, step: int, total: Any) -> None:
        """One optimiser step with the summed gradient; remembers the state before it, for `back`."""

    def back(self, step: int) -> None:
        """Return to the state before `step` was applied (at most one step back)."""

    def weights(self) -> Any:
        """The parameters as a flat float32 array."""

    def load_weights(self, weights: Any) -> None: ...

    def state(self) -> dict[str, Any]:
        """Everything needed to go on (weights, optimiser, step): plain data and arrays."""

    def load_state(self, state: dict[str, Any]) -> None: ...

    def finish(self) -> dict[str, Any]:
        """The values of the output ports."""


class Learning(Learner, Protocol):
    """A learner that a simulated run can train: what it asks besides is never more than the learner's own sums."""

    step: int
    dataset: Any
    light: bool  # whether to compute without a library that real runs use, up to rounding the same and sooner

    def join(self, replicas: Any) -> None:
        """Be light, and train in one process with other `replicas`."""

    def expect(self, step: int, rank: int, members: int) -> None:
        """This gradient is about to be asked for."""

    def gradient_of(self, rows: Any, divisor: int) -> tuple[Any, float]:
        """(gradient of the summed loss of these training rows / `divisor`, the summed loss)."""

    def move(self, update: int, gradient: Any, at: slice = ...) -> None:
        """One optimiser step, the `update`-th that these weights see, on some of the weights only."""

    def learn(self, rows: Any, epochs: int, draws: Any) -> Any:
        """By how much the weights move when they are trained on these rows alone."""

    def accuracy(self) -> float:
        """On the held-out rows, by the weights as they stand."""


class TrainingStage(Stage):
    """A stage whose work a team shares by its training architecture, step by step.

    `simulated_only` where nothing but its cost is known; `in_parts` where real members can hold parts of its model.
    """

    simulated_only: ClassVar[bool] = False
    in_parts: ClassVar[bool] = False

    def learner(self, inputs: Mapping[str, Any], context: Context) -> Learner:
        raise NotImplementedError

    def part_learner(self, holds: Holds, inputs: Mapping[str, Any], context: Context) -> PartLearner:
        """A learner for a member that holds a part of the model. BadInput where it has no layers."""
        raise BadInput("this model has no layers by which members could hold parts of it")

    def step_cost(self, inputs: Mapping[str, Size]) -> StepCost:
        raise NotImplementedError

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Training on one process: the same learner, alone."""
        learner = self.learner(inputs, context)
        for step in range(learner.steps):
            learner.apply(step, learner.gradient(step, 0, 1))
        return learner.finish()


class ClassifierTraining(TrainingStage):
    """A training of a classifier on a dataset, whose cost follows from that of its steps."""

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        data, step = inputs["dataset"], self.step_cost(inputs)
        operations = step.steps * (step.operations + step.apply_operations)
        size = Size(
            columns=data.columns,
            classes=data.classes,
            bytes=step.gradient_bytes + data.carried_bytes,
            carried_bytes=data.carried_bytes,
        )
        whole = operations + step.open_operations + step.finish_operations
        return Cost(whole, step.steps * (step.memory_bytes + 2 * step.state_bytes), {"model": size})
