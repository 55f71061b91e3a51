"""The Scenario, format 1: pipeline + cluster + architectures to compare + workload + faults + run + expectations."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from workbench.document.problems import Refused
from workbench.document.units import Bytes, BytesPerS, OperationsPerS, PerS, Seconds, Share

FORMAT = 1

END = r"^[A-Za-z][A-Za-z0-9_-]*\.[A-Za-z][A-Za-z0-9_-]*$"

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=60)]
Whole = Annotated[int, Field(ge=1)]


class Frozen(BaseModel):
    """A piece of a document: immutable, and refusing keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


# --- the pipeline ----------------------------------------------------------------------------------------------


class StageUse(Frozen):
    """One stage of a pipeline: which kind it is, its parameters, and when it runs."""

    id: Name
    use: str = Field(description="kind of stage; `workbench list stages` names them all")
    with_: dict[str, Any] = Field(default_factory=dict, alias="with", description="parameters of the stage")
    label: str = Field(default="", description="title on the canvas; the id when empty")
    cost_factor: float = Field(
        default=1.0, gt=0, description="multiplies the cost that the stage states (simulated runs)"
    )
    when: str = Field(
        default="", description="condition over metrics of earlier stages; the stage is left out if false"
    )
    assume: dict[Name, float | tuple[float, float]] = Field(
        default_factory=dict,
        description="what a simulated run takes for granted of the stage's metrics: a number, or two between which "
        "one is drawn for each instance",
    )
    retries: int = Field(default=0, ge=0, le=100, description="how often work that failed is tried again")
    backoff: Seconds = Field(
        default=1.0, ge=0, description="pause before the first retry; each further one is twice as long, up to a minute"
    )
    time_limit: Seconds | None = Field(
        default=None, gt=0, description="work that takes longer has failed: on one item, or a whole training"
    )
    cpus: int = Field(default=1, ge=1, le=1024, description="cores of the machine that work on it occupies (real runs)")
    gpus: int = Field(default=0, ge=0, le=1, description="accelerators that its worker must have")
    memory: Bytes | None = Field(
        default=None, gt=0, description="memory that work on it occupies, and that its worker must have"
    )
    memory_limit: Bytes | None = Field(
        default=None, gt=0, description="work has failed that takes more memory, beyond what its process held before"
    )


class Link(Frozen):
    """A link from an output port to an input port; in the file `prepare.dataset -> train.dataset`."""

    source: str = Field(pattern=END)
    target: str = Field(pattern=END)

    @model_validator(mode="before")
    @classmethod
    def _from_arrow(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        ends = [end.strip() for end in value.split("->")]
        if len(ends) != 2 or not all(re.fullmatch(END, end) for end in ends):
            raise Refused("bad-link", value=value)
        return {"source": ends[0], "target": ends[1]}

    @model_serializer
    def _to_arrow(self) -> str:
        return f"{self.source} -> {self.target}"

    @property
    def source_stage(self) -> str:
        return self.source.split(".")[0]

    @property
    def source_port(self) -> str:
        return self.source.split(".")[1]

    @property
    def target_stage(self) -> str:
        return self.target.split(".")[0]

    @property
    def target_port(self) -> str:
        return self.target.split(".")[1]


class Group(Frozen):
    """A named box around stages; with `foreach` it runs once for every item of a collection."""

    id: Name
    label: str = ""
    stages: tuple[str, ...]
    foreach: str = Field(default="", description="output port whose items the group runs over")
    partition: Whole | None = Field(default=None, description="rows of an item; for foreach")
    at_least: Share | None = Field(
        default=None,
        le=1,
        description="share of the items that must succeed, such as 95 %; the others are left out of what follows, and "
        "all must if it is left out (in simulated runs no item fails); for foreach",
    )


class Pipeline(Frozen):
    """What is computed: stages joined by links between typed ports."""

    stages: tuple[StageUse, ...] = ()
    links: tuple[Link, ...] = ()
    groups: tuple[Group, ...] = ()

    def stage(self, id: str) -> StageUse | None:
        return next((stage for stage in self.stages if stage.id == id), None)


# --- the cluster -----------------------------------------------------------------------------------------------


class Accelerator(Frozen):
    """A processor given by figures instead of by a catalogue name."""

    operations_per_s: OperationsPerS = Field(gt=0)
    memory: Bytes
    memory_bytes_per_s: BytesPerS = Field(gt=0)


class WorkerPool(Frozen):
    """`count` equal workers, named `<id>0`, `<id>1`, …; a pool of one is named `<id>0` too."""

    id: Name = "w"
    count: Annotated[int, Field(ge=1, le=100_000)] = 1
    accelerator: str | Accelerator = Field(default="cpu-core", description="catalogue name, or figures")
    memory: Bytes = Field(default=8e9, description="main memory of one worker")
    speed: float = Field(
        default=1.0, gt=0, description="1 is the accelerator's own speed; 0.5 is a straggler of half of it"
    )
    variation: float = Field(
        default=0.0, ge=0, le=2, description="coefficient of variation of compute times (lognormal)"
    )
    bandwidth: BytesPerS | None = Field(
        default=None, gt=0, description="of the link of one of them, if other than the network's; at a switch"
    )

    def holds(self, worker: str) -> bool:
        """Whether the worker of that name is one of them."""
        number = worker.removeprefix(self.id)
        return worker != number and number.isdecimal() and number == str(int(number)) and int(number) < self.count


class Network(Frozen):
    """What lies between the workers, full duplex; at a switch, one link a worker."""

    topology: Literal["switch", "ring", "fat-tree", "nvlink-island", "wide-area"] = "switch"
    bandwidth: BytesPerS = Field(default=1.25e9, gt=0)
    latency: Seconds = 50e-6
    collectives: Literal["ideal", "gloo", "nccl-8xa100", "nccl-8xh100", "nccl-2xp4de", "nccl-2xp5"] = Field(
        default="ideal",
        description="what carries collectives: gloo pays a round trip for each step of a ring; "
        "an nccl curve was measured on such machines, and replaces bandwidth and latency in collectives",
    )
    sharing: Literal["fifo", "fair"] = Field(
        default="fifo",
        description="at a switch, messages take turns (fifo) or share links (fair); other topologies always share",
    )
    rack: Whole | None = Field(default=None, description="workers of a rack; for fat-tree")
    oversubscription: float | None = Field(
        default=None, ge=1, description="bandwidth of a rack's workers over that of its links upwards; for fat-tree"
    )
    island: Whole | None = Field(default=None, description="workers of an island; for nvlink-island")
    island_bandwidth: BytesPerS | None = Field(
        default=None, gt=0, description="of a worker within its island; bandwidth is the island's; for nvlink-island"
    )
    sites: Whole | None = Field(
        default=None, description="over how many sites the workers are spread, in their order; for wide-area"
    )
    site_bandwidth: BytesPerS | None = Field(
        default=None, gt=0, description="of a site's link to the others; bandwidth is a worker's; for wide-area"
    )
    site_latency: Seconds | None = Field(
        default=None, description="added to the latency from one site to another; for wide-area"
    )

    def islands(self, workers: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """The workers of each rack, island or site; none where the network has neither."""
        count, size = len(workers), self.rack or self.island
        if self.sites:  # as equal as can be
            ends = [site * count // self.sites for site in range(self.sites + 1)]
            return tuple(workers[first:end] for first, end in pairwise(ends))
        return tuple(workers[first : first + size] for first in range(0, count, size)) if size else ()


@lru_cache(maxsize=16)
def _names(pools: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    return tuple(f"{id}{i}" for id, count in pools for i in range(count))


class Cluster(Frozen):
    """Where: workers, and the network between them."""

    workers: tuple[WorkerPool, ...] = (WorkerPool(),)
    network: Network = Network()

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every worker, in the order of the file."""
        return _names(tuple((pool.id, pool.count) for pool in self.workers))

    @property
    def pools(self) -> dict[str, WorkerPool]:
        """The pool of each worker, in the order of the file."""
        return dict(zip(self.names, (pool for pool in self.workers for _ in range(pool.count)), strict=True))

    @property
    def own_bandwidths(self) -> dict[str, float]:
        """The bandwidth of each worker whose link is not the network's, in bytes/s."""
        pools = ((pool, pool.bandwidth) for pool in self.workers)
        return {f"{pool.id}{i}": own for pool, own in pools if own is not None for i in range(pool.count)}

    @property
    def racks(self) -> tuple[tuple[str, ...], ...]:
        """The workers of each rack, island or site; none where the network has neither."""
        return self.network.islands(self.names)

    def pool_of(self, worker: str) -> WorkerPool:
        return next(pool for pool in self.workers if pool.holds(worker))


# --- the rest of the question ----------------------------------------------------------------------------------


class Choice(Frozen):
    """One architecture by name, with the parameters that people tune."""

    use: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class Combination(Frozen):
    """A way to share the work that is to be compared: one orchestration and one training architecture."""

    id: Name
    label: str = ""
    orchestration: Choice = Choice(use="single-leader")
    training: Choice = Choice(use="ring-all-reduce")


class Workload(Frozen):
    """How many instances of the pipeline arrive, and when."""

    instances: Whole = Field(default=1, description="how many there are; at most so many by-event")
    arrivals: Literal["at-once", "regular", "poisson", "by-event"] = "at-once"
    rate: PerS | None = Field(default=None, description="arrivals per second; for regular and poisson")
    event: str = Field(
        default="",
        description="condition over metrics of stages; as soon as an instance finds that it holds, the next one is "
        "submitted; for by-event",
    )


class Fault(Frozen):
    """Something that breaks: scripted at a time or at a training step, or random by rate."""

    kind: Literal[
        "crash", "freeze", "leader-crash", "slow-down", "slow-link", "partition", "storage-full", "corrupt-checkpoint"
    ]
    worker: str = Field(
        default="", description="who is struck; empty for leader-crash, and for a random worker by rate"
    )
    workers: tuple[str, ...] = Field(
        default=(), description="several workers that are struck at the same moment, instead of one"
    )
    rack: int | None = Field(
        default=None, ge=0, description="all workers of a rack, an island or a site, counted from 0, instead of one"
    )
    at: Seconds | None = Field(default=None, description="seconds since the run began")
    at_step: int | None = Field(default=None, ge=1, description="when the training has finished this many steps")
    every: Seconds | None = Field(default=None, description="mean time between random faults")
    shape: float | None = Field(
        default=None,
        gt=0.1,
        le=20,
        description="of the Weibull distribution of times between random faults: below 1 they come in clusters, "
        "above 1 regularly; 1, and left out, is exponential",
    )
    trace: str = Field(
        default="",
        description="CSV file with a fault in each line: at, kind, worker and lasts; beside the scenario",
    )
    lasts: Seconds | None = Field(
        default=None, description="the fault ends, a crashed member is back, after this time; for ever if left out"
    )
    factor: float | None = Field(
        default=None,
        gt=1,
        le=1e6,
        description="how many times as long work takes (slow-down), as slow the link is (slow-link); 2 if left out",
    )
    latency: Seconds | None = Field(
        default=None, gt=0, description="added to the latency of the link; then its bandwidth stays (slow-link)"
    )
    room: Bytes | None = Field(
        default=None, description="how much still fits when the storage is full; nothing if left out (storage-full)"
    )
    only: tuple[str, ...] = Field(default=(), description="ids of the combinations that it strikes; all when empty")


class RunSettings(Frozen):
    """How long, how often and from which seed."""

    duration: Seconds | None = Field(default=None, description="the run is stopped after this time")
    steps: Whole | None = Field(default=None, description="training stops after this many steps")
    warm_up: Seconds = Field(default=0.0, description="left out of throughput figures")
    seed: int = Field(default=1, ge=0)
    replications: Whole = Field(default=1, description="simulated runs with independent seeds")
    learn: bool = Field(
        default=False, description="simulated runs train the model itself, and real ones look closely at it"
    )
    fidelity: Literal["auto", "message", "team"] = Field(
        default="auto",
        description="simulated message by message, or once for the whole team; auto: as a team where it is large",
    )
    links: Literal["local", "shaped"] = Field(
        default="local",
        description="what members of real runs talk over: what this machine has (local), or links that are paced to "
        "the bandwidth and latency of the cluster's network (shaped)",
    )


class Position(Frozen):
    """Where a stage stands on the canvas, in pixels at zoom 1."""

    x: float
    y: float


class Scenario(Frozen):
    """A question that both engines can answer: one file."""

    format: Literal[1] = 1
    name: str = "Untitled"
    description: str = ""
    pipeline: Pipeline = Pipeline()
    cluster: Cluster = Cluster()
    architectures: tuple[Combination, ...] = (Combination(id="ring"),)
    workload: Workload = Workload()
    faults: tuple[Fault, ...] = ()
    run: RunSettings = RunSettings()
    expect: tuple[str, ...] = ()
    layout: dict[str, Position] = Field(default_factory=dict)

    def combination(self, id: str) -> Combination | None:
        return next((c for c in self.architectures if c.id == id), None)
