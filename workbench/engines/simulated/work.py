"""Work: how long a Perform takes in virtual time, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.architectures import part_work
from workbench.architectures.operations import Perform, StageFailed
from workbench.architectures.random_streams import stream
from workbench.architectures.stage_limits import over_memory, over_time
from workbench.architectures.training import AtHome
from workbench.architectures.training_work import LEARNING
from workbench.catalogues.accelerators import ACCELERATORS, Accelerator
from workbench.document.scenario import Scenario, WorkerPool
from workbench.engines.simulated import layered, local
from workbench.engines.simulated.found import Found, artifacts_of
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.paces import Paces
from workbench.stages.sizes import sizes, step_costs

DRAWS = 1024
ARITHMETIC = ("gradient", "forward", "backward", "local")  # the parts that an accelerator's figures were fitted to
# parts that start a library's machinery; the others move arrays
CALLS = ("run", "open", "gradient", "forward", "backward", "finish")
IN_HOST = ("from-host", "to-host", "apply-in-host")  # the parts that the way to the host's memory limits
SAME = ("gradient", "apply", "weights", "load", "piece")  # parts that take as long at every step


class Work:
    """The stages of one scenario on its workers, as durations in seconds and as answers of known size."""

    def __init__(self, scenario: Scenario, folder: Path, seed: int, replication: int, network: Network):
        self.network = network
        self.paces = Paces()
        self.factors = {stage.id: stage.cost_factor for stage in scenario.pipeline.stages}
        self.kinds = {stage.id: stage.use for stage in scenario.pipeline.stages}
        pools = scenario.cluster.pools
        names = {pool.id: _name(pool) for pool in scenario.cluster.workers}
        speeds = {pool.id: _speed(pool) for pool in scenario.cluster.workers}
        self.accelerators = {name: names[pool.id] for name, pool in pools.items()}
        self.costs = sizes(scenario.pipeline, folder)
        self.step_costs = step_costs(scenario.pipeline, folder)
        self.found = Found(scenario, self.costs, seed, replication)
        self.speeds = {name: speeds[pool.id] for name, pool in pools.items()}
        self.variations = {
            name: _variation(pool.variation, seed, replication, name) for name, pool in pools.items() if pool.variation
        }
        self.uses = {stage.id: stage for stage in scenario.pipeline.stages}
        self.beyond: dict[tuple[str, str, str], str] = {}  # (member, stage, instance) at a limit of the stage, and how
        self._known_s: dict[tuple[str, str, str, float, int], float] = {}
        self.unfit: dict[tuple[str, str], str] = {}  # (member, stage) whose memory is too small, and why
        self.made_by: dict[str, str] = {}  # artifact -> the worker that holds it
        self.trainers: set[str] = set()  # who computed on data of a training
        self.moved_bytes = 0.0  # of training data, from one member to another

    def seconds(self, member: str, operation: Perform, now_s: float) -> float:
        """How long `operation` takes on `member`, fetching its inputs first come first served included."""
        fetched_s = 0.0
        if self.network.topology is None and operation.part in ("run", "open"):
            for holder, size in self.inputs(member, operation):
                fetched_s = max(fetched_s, self.network.transfer(now_s, holder, member, size) - now_s)
        busy_s = self._usual_s(member, operation)
        if member in self.variations:
            busy_s *= self.variations[member]()
        self.paces.busy_from_s[member] = now_s + fetched_s
        took_s = fetched_s + busy_s * self.paces.times(member)
        return self._within_limits(member, operation, took_s) if operation.part == "run" else took_s

    def _usual_s(self, member: str, operation: Perform) -> float:
        """How long it takes where nothing varies; what is the same at every step is worked out once."""
        if operation.part not in SAME or isinstance(operation.item, dict):
            return self._computing_s(member, operation)
        members = operation.item[2] if operation.part == "gradient" else 0
        key = member, operation.stage, operation.part, operation.share, members
        if key not in self._known_s:
            self._known_s[key] = self._computing_s(member, operation)
        return self._known_s[key]

    def _computing_s(self, member: str, operation: Perform) -> float:
        operations, memory_bytes = self._demand(operation)
        processor, speed = self.speeds[member]
        self._note(member, operation, processor, operations)
        bytes_per_s = processor.host_bytes_per_s if operation.part in IN_HOST else processor.memory_bytes_per_s
        busy_s = max(operations / processor.operations_per_s, memory_bytes / bytes_per_s)
        call_s = processor.call_s * self._calls(operation)
        if self._runs_kernels(operation):
            busy_s, call_s = layered.kernels_s(self.step_costs[operation.stage], operation, processor), 0.0
        return (busy_s * self.factors[operation.stage] + call_s) / speed

    def _within_limits(self, member: str, operation: Perform, took_s: float) -> float:
        """How long work goes on until it ends, or reaches a limit of its stage."""
        use = self.uses[operation.stage]
        held_bytes = 0.0
        if use.memory_limit is not None:
            held_bytes = sum(size for _, size in self.inputs(member, operation))
            held_bytes += self.costs[operation.stage].cost.bytes_out
        if text := over_time(use, took_s) or over_memory(use, held_bytes):
            self.beyond[member, operation.stage, operation.of] = text
        return min(took_s, use.time_limit or took_s)

    def _note(self, member: str, operation: Perform, processor: Accelerator, operations: float) -> None:
        """What the figures of this run rest on, this work included."""
        grounds = self.network.grounds
        if operation.part == "run":
            grounds.stage(self.kinds[operation.stage])
        elif self._runs_kernels(operation):
            largest = layered.largest_pass(self.step_costs[operation.stage], operation)
            grounds.work(f"{self.accelerators[member]}, layers of a transformer", processor.kernels, largest)
        else:
            sized = operations / self._calls(operation) if operation.part in ARITHMETIC else None
            grounds.work(self.accelerators[member], processor, sized)

    def _runs_kernels(self, operation: Perform) -> bool:
        return layered.runs_kernels(self.step_costs.get(operation.stage), operation)

    def _calls(self, operation: Perform) -> int:
        """How often a library's machinery is started."""
        if operation.part == "local":
            return local.batches(self.step_costs[operation.stage], operation)
        return int(operation.part in CALLS)

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        """Who holds the inputs of `operation`, and their sizes in bytes; asked once for each piece of work."""
        found = []
        if operation.part in ("run", "open") and not isinstance(operation.item, AtHome):
            for artifact in artifacts_of(operation.item):
                stage, port = artifact.split(":")[0].split(".")
                size = self.costs[stage].outputs[port].bytes * self.found.share(operation, stage, port)
                found.append((self.made_by.get(artifact, member), size))
        return found

    def _demand(self, operation: Perform) -> tuple[float, float]:
        """(operations, bytes of memory moved) of one piece of work."""
        cost = self.costs[operation.stage].cost
        if operation.part == "run":
            return cost.operations, cost.memory_bytes
        step = self.step_costs[operation.stage]
        if layered.is_of_layers(operation):
            return layered.demand(step, operation)
        if operation.part in local.PARTS:
            return local.demand(step, operation)
        match operation.part:
            case "open":
                return step.open_operations, step.open_memory_bytes
            case "gradient":
                members = operation.item[2]
                return step.operations / members, step.memory_bytes / members
            case "apply" | "apply-in-host":  # an optimiser with two slots reads and writes
                return step.apply_operations * operation.share, 8 * step.gradient_bytes * operation.share
            case "sum":
                return 0.0, step.gradient_bytes * operation.share * len(operation.item)
            case "finish":
                return step.finish_operations, step.state_bytes
            case "state" | "restore" | "back":
                return 0.0, 2 * step.state_bytes * operation.share
            case "weights" | "load":
                return 0.0, step.gradient_bytes * operation.share
            case "piece":  # a view of the gradient, not a copy
                return 0.0, 0.0
        raise AssertionError(operation.part)

    def answer(self, member: str, operation: Perform) -> Any:
        """What `operation` answers: the shape of the real answer, with sizes in the place of data."""
        if text := self.beyond.pop((member, operation.stage, operation.of), ""):
            raise StageFailed(operation.stage, text)
        step = self.step_costs.get(operation.stage)
        if operation.part == "open":
            self.moved_bytes += sum(size for holder, size in self.inputs(member, operation) if holder != member)
        elif operation.part in LEARNING:
            self.trainers.add(member)
        if operation.part in ("run", "finish"):
            made = {
                port: f"{operation.stage}.{port}" + (f":{operation.of}" if operation.of else "")
                for port in self.costs[operation.stage].outputs
            }
            self.made_by.update(dict.fromkeys(made.values(), member))
            return made | self.found.beside(member, operation)
        assert step is not None
        if layered.is_of_layers(operation):
            return layered.answer(step, operation)
        match operation.part:
            case "open":
                if (member, operation.stage) in self.unfit:
                    raise StageFailed(operation.stage, self.unfit[member, operation.stage])
                opened = {"steps": step.steps, "samples_per_step": step.samples_per_step}
                data = {"rows": step.rows, "classes": step.classes}
                return opened | data | part_work.to_cut(step)
            case "gradient" | "local" | "weights" | "sum" | "piece":
                return Blob(step.gradient_bytes * operation.share)
            case "state":
                return Blob(step.state_bytes * operation.share)
        return None


def _speed(pool: WorkerPool) -> tuple[Accelerator, float]:
    if isinstance(pool.accelerator, str):
        return ACCELERATORS[pool.accelerator], pool.speed
    own = pool.accelerator
    return Accelerator(own.operations_per_s, 1.0, own.memory, own.memory_bytes_per_s, 0.0, "the scenario"), pool.speed


def _name(pool: WorkerPool) -> str:
    return pool.accelerator if isinstance(pool.accelerator, str) else f"{pool.id}, as the scenario gives it"


def _variation(coefficient: float, seed: int, replication: int, member: str) -> Callable[[], float]:
    """Lognormal factors of mean 1, drawn in batches: a draw at a time would cost more than the event it serves."""
    sigma = math.sqrt(math.log1p(coefficient**2))
    draws = stream(seed, "speed", member, replication)
    batch: list[float] = []

    def draw() -> float:
        if not batch:
            batch.extend(draws.lognormal(-(sigma**2) / 2, sigma, DRAWS)[::-1].tolist())
        return batch.pop()

    return draw
