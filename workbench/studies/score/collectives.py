"""A0: the closed forms of collectives, which every simulator must hit when nothing but bandwidth counts."""

from workbench.architectures.ring import RingAllReduce
from workbench.engines.simulated.network import Network
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork, step_ends_s

VGG16_BYTES, BYTES_PER_S = 553.43e6, 3.125e9

# seconds of an all-reduce of VGG-16's gradient (fp32) over n members at 25 Gbit/s: 2(n-1)/n * S/B
RING_S = {4: 0.2656, 8: 0.3099, 16: 0.3321, 32: 0.3431}


def points() -> tuple[Point, ...]:
    return tuple(_ring(members, seconds) for members, seconds in RING_S.items())


def _ring(members: int, published_s: float) -> Point:
    team = tuple(f"w{i}" for i in range(members))
    ends_s = step_ends_s(RingAllReduce(), team, Network(BYTES_PER_S, 0.0), GivenWork(VGG16_BYTES))
    return Point(f"ring of {members}", published_s, ends_s[0], null=VGG16_BYTES / BYTES_PER_S)


CASE = Case(
    id="A0",
    title="Closed forms of collectives, VGG-16 at 25 Gbit/s",
    source="NVIDIA, nccl-tests, doc/PERFORMANCE.md; Jiang et al., OSDI 2020",
    unit="s",
    target=0.001,
    most=True,
    points=points,
)
