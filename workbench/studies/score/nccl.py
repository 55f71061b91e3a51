"""A1: measured NCCL all-reduces of four machines, from 1 MiB up, on the curves of the catalogue."""

from workbench.architectures.ring import RingAllReduce
from workbench.catalogues.backends import BACKENDS
from workbench.engines.simulated.network import Network
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork, step_ends_s

LARGE_BYTES = 2**28

# size in bytes -> microseconds of an all-reduce (float, sum, out of place)
MEASURED_US = {
    "nccl-8xh100": {
        1048576: 27.37,
        2097152: 42.21,
        4194304: 54.19,
        8388608: 83.04,
        16777216: 123.8,
        33554432: 199.3,
        67108864: 324.7,
        134217728: 586.4,
        268435456: 1112.5,
        536870912: 2151.0,
        1073741824: 4029.4,
        2147483648: 7939.1,
        4294967296: 15749,
        8589934592: 31307,
        17179869184: 62648,
    },
    "nccl-8xa100": {
        1048576: 92.8,
        4194304: 95.8,
        16777216: 232.4,
        67108864: 579.9,
        268435456: 2162.3,
        1073741824: 8193.0,
    },
    "nccl-2xp4de": {
        1048576: 309.4,
        2097152: 432.6,
        4194304: 533.9,
        8388608: 762.8,
        16777216: 1191.8,
        33554432: 1540.2,
        67108864: 2644.6,
        134217728: 3912.9,
        268435456: 7201.7,
        536870912: 13552,
        1073741824: 26217,
        2147483648: 51406,
    },
    "nccl-2xp5": {
        1048576: 123.2,
        2097152: 147.2,
        4194304: 168.6,
        8388608: 204.8,
        16777216: 298.1,
        33554432: 439.7,
        67108864: 601.5,
        134217728: 870.3,
        268435456: 1468.2,
        536870912: 2559.2,
        1073741824: 4607.6,
        2147483648: 9074.5,
        4294967296: 17286,
        8589934592: 33605,
        17179869184: 66132,
    },
}


def points(least_bytes: int = 0) -> tuple[Point, ...]:
    return tuple(
        _point(name, number, size, us)
        for name, rows in MEASURED_US.items()
        for number, (size, us) in enumerate(rows.items())
        if size >= least_bytes
    )


def _point(backend: str, number: int, size: int, us: float) -> Point:
    """Every third row was held back when the curve was fitted."""
    curve = BACKENDS[backend].curve
    assert curve is not None
    team = tuple(f"w{i}" for i in range(curve.members))
    network = Network(curve.bytes_per_s, 0.0, backend)
    (ends_s,) = step_ends_s(RingAllReduce(), team, network, GivenWork(size))
    null_s = 2 * (curve.members - 1) / curve.members * size / curve.bytes_per_s
    return Point(f"{backend}, {size} B", us / 1e6, ends_s, null_s, held_back=number % 3 == 1)


SOURCE = "NVIDIA/dgxc-benchmarking, nccl/README.md; aws-samples/awsome-distributed-training, nccl-tests/README.md"
FITTED = "3 constants a machine on two thirds of its rows"

CASE = Case("A1", "NCCL all-reduce from 1 MiB up", SOURCE, "s", 0.10, points, calibration=FITTED)
LARGE = Case(
    "A1-large",
    "NCCL all-reduce from 256 MiB up",
    SOURCE,
    "s",
    0.05,
    lambda: points(LARGE_BYTES),
    calibration=FITTED,
)
