"""E2: what parameter servers on spare machines gain over a ring, in order; five settings, and no gain at all.

Nobody published how many machines there were in each, nor the rates of one GPU. So it is the order that is scored: the
place of each gain among the others. Eight machines of eight GPUs and as many spare ones are taken, or 32 where 256 GPUs
are told; inside a machine nothing is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.training import TrainingArchitecture
from workbench.engines.simulated.network import Network
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork, step_ends_s

PIECES, STEPS, LATENCY_S = 64, 2, 10e-6
NO_GAIN = 1.0


@dataclass(frozen=True)
class Setting:
    """Machines, bytes of a gradient, seconds of a step's computing, and the published gain over the ring."""

    name: str
    machines: int
    size_bytes: float
    compute_s: float
    bytes_per_s: float
    gain: float


SETTINGS = (
    # 64 images or sequences for each V100. 192.6 sequences/s as published for 16 of them (NVIDIA/DeepLearningExamples);
    # 230 and 360 images/s are about what it does in single precision, for nobody said what it did here
    Setting("VGG-16, 20 Gbit/s", 8, 553.4e6, 64 / 230, 2.5e9, 2.00),
    Setting("ResNet-50, 20 Gbit/s", 8, 102e6, 64 / 360, 2.5e9, 1.44),
    Setting("BERT-large, 100 Gbit/s, 256 GPUs", 32, 0.67e9, 64 / 192.6, 12.5e9, 0.90 / 0.70),
    Setting("VGG-16, 100 Gbit/s", 8, 553.4e6, 64 / 230, 12.5e9, 1.17),
    Setting("ResNet-50, 100 Gbit/s", 8, 102e6, 64 / 360, 12.5e9, 1.07),
)


def step_s(setting: Setting, architecture: TrainingArchitecture, members: int) -> float:
    """What a step takes once it runs."""
    work = GivenWork(setting.size_bytes, steps=STEPS, compute_s=lambda member: setting.compute_s)
    team = tuple(f"m{number}" for number in range(members))
    ends = step_ends_s(architecture, team, Network(setting.bytes_per_s, LATENCY_S), work)
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def gain(setting: Setting) -> float:
    """How many times as fast training is with as many spare machines as there are machines with GPUs."""
    count = setting.machines
    servers = ParameterServer(workers=count, servers=count, pieces=PIECES)
    return step_s(setting, RingAllReduce(), count) / step_s(setting, servers, 2 * count)


def places(gains: list[float]) -> list[float]:
    """Each gain's place among them, and that of no gain at all; 1 is the greatest."""
    ordered = sorted([*gains, NO_GAIN], reverse=True)
    return [1.0 + ordered.index(one) for one in [*gains, NO_GAIN]]


def points() -> tuple[Point, ...]:
    gains = [gain(setting) for setting in SETTINGS]
    names = [f"{s.name}: x {s.gain:.2f} / {found:.2f}" for s, found in zip(SETTINGS, gains, strict=True)]
    pairs = zip(places([s.gain for s in SETTINGS]), places(gains), strict=True)
    return tuple(Point(name, one, other) for name, (one, other) in zip([*names, "no gain"], pairs, strict=True))


CASE = Case(
    id="E2",
    title="Servers on spare machines against a ring: the order of the gains",
    source="bytedance/byteps, README.md and docs/performance.md; Jiang et al., OSDI 2020",
    unit="place",
    target=0.5,
    stretch=0.0,
    points=points,
    kind="points",
    least_rank=0.9,
    calibration="none",
)
