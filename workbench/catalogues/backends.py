"""What carries collectives, by name: a protocol, and where it was measured, how its speed depends on the size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.catalogues.ranges import Range


@dataclass(frozen=True)
class Curve:
    """A measured all-reduce of `size` bytes over `members`: startup + 2(n-1)/n * size/B + ramp * sqrt(size).

    The root says that small messages fill neither pipe nor kernel. The startup is one of 2(n-1) hops, so that it grows
    with the members; a curve is extrapolated wherever there are others than the `members` that it was measured with, or
    a size outside of `sizes`.
    """

    startup_s: float
    bytes_per_s: float
    ramp_s: float  # seconds a root of a byte
    members: int
    sizes: Range  # bytes

    def hop_s(self, size_bytes: float, members: int) -> tuple[float, float]:
        """(seconds that a chunk of a ring over `members` occupies its link, seconds until it is there after that)."""
        hops = 2 * (members - 1)
        occupied = size_bytes / members / self.bytes_per_s + self.ramp_s * math.sqrt(size_bytes) / hops
        return occupied, self.startup_s / (2 * (self.members - 1))


@dataclass(frozen=True)
class Backend:
    """A library of collectives: its protocol and, where it was measured, its curve; the source of both."""

    source: str
    handshake: bool = False  # the receiver first says that it is ready: one more latency a hop
    curve: Curve | None = None


_SHARED = "two thirds of the rows of 1 MiB and more, least relative error"

BACKENDS: dict[str, Backend] = {
    "ideal": Backend("nothing but bandwidth and latency"),
    "gloo": Backend("gloo/transport/tcp/pair.cc: notify-ready before every buffer", handshake=True),
    "nccl-8xh100": Backend(
        f"NVIDIA/dgxc-benchmarking, nccl/README.md: 8 x H100, NVSwitch; {_SHARED}",
        curve=Curve(10.86e-6, 508.6e9, 1.2615e-8, 8, Range(2.0**20, 2.0**34)),
    ),
    "nccl-8xa100": Backend(
        f"VIA-Research/vTrain, trace/: 8 x A100, NVSwitch; {_SHARED}",
        curve=Curve(77.02e-6, 239.3e9, 7.9347e-9, 8, Range(2.0**20, 2.0**30)),
    ),
    "nccl-2xp4de": Backend(
        f"aws-samples/awsome-distributed-training, nccl-tests: 16 x A100-80, 4 x 100 Gbit/s a node; {_SHARED}",
        curve=Curve(128.47e-6, 103.2e9, 1.5831e-7, 16, Range(2.0**20, 2.0**31)),
    ),
    "nccl-2xp5": Backend(
        f"aws-samples/awsome-distributed-training, nccl-tests: 16 x H100, 32 x 100 Gbit/s a node; {_SHARED}",
        curve=Curve(85.37e-6, 537.0e9, 3.3413e-8, 16, Range(2.0**20, 2.0**34)),
    ),
}
