"""A0: the closed forms of collectives, which every simulator must hit when nothing but bandwidth counts."""

from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.ring import RingAllReduce
from workbench.engines.simulated.network import Network
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork, step_ends_s

VGG16_BYTES, BYTES_PER_S = 553.43e6, 3.125e9

# seconds of an all-reduce of VGG-16's gradient (fp32) over n members at 25 Gbit/s: 2(n-1)/n * S/B
RING_S = {4: 0.2656, 8: 0.3099, 16: 0.3321, 32: 0.3431}

# seconds of a step of n workers and k servers on machines of their own: max(S/B, nS/(kB))
SERVERS_S = {
    (4, 2): 0.3542,
    (4, 4): 0.1771,
    (8, 4): 0.3542,
    (8, 8): 0.1771,
    (16, 8): 0.3542,
    (32, 16): 0.3542,
    (32, 32): 0.1771,
}
FEW, MANY = 2, 4  # pieces that a server's share travels in


def points() -> tuple[Point, ...]:
    rings = (_ring(members, seconds) for members, seconds in RING_S.items())
    return (*rings, *(_servers(workers, servers, seconds) for (workers, servers), seconds in SERVERS_S.items()))


def _ring(members: int, published_s: float) -> Point:
    team = tuple(f"w{i}" for i in range(members))
    ends_s = step_ends_s(RingAllReduce(), team, Network(BYTES_PER_S, 0.0), GivenWork(VGG16_BYTES))
    return Point(f"ring of {members}", published_s, ends_s[0], null=VGG16_BYTES / BYTES_PER_S)


def _servers(workers: int, servers: int, published_s: float) -> Point:
    """The closed form is of pieces without end: what they leave out falls as one over their number."""
    few_s, many_s = (server_step_s(workers, servers, pieces) for pieces in (FEW, MANY))
    limit_s = (MANY * many_s - FEW * few_s) / (MANY - FEW)
    return Point(f"{workers} workers, {servers} servers", published_s, limit_s, null=VGG16_BYTES / BYTES_PER_S)


def server_step_s(workers: int, servers: int, pieces: int) -> float:
    """Seconds of a step of parameter servers once it repeats itself."""
    team = (*(f"s{i}" for i in range(servers)), *(f"w{i}" for i in range(workers)))
    architecture = ParameterServer(servers=servers, pieces=pieces)
    ends_s = step_ends_s(architecture, team, Network(BYTES_PER_S, 0.0), GivenWork(VGG16_BYTES, steps=3))
    return ends_s[-1] - ends_s[-2]


CASE = Case(
    id="A0",
    title="Closed forms of collectives, VGG-16 at 25 Gbit/s",
    source="NVIDIA, nccl-tests, doc/PERFORMANCE.md; Jiang et al., OSDI 2020",
    unit="s",
    target=0.001,
    most=True,
    points=points,
)
