"""Links by name: what remains of a line's rate for data, and how long a hop of a ring of collectives takes on it."""

from __future__ import annotations

from dataclasses import dataclass

# bytes beside the payload of a RoCE v2 packet: Ethernet 14 and its check 4, gap and preamble 20, IPv4 20, UDP 8,
# InfiniBand transport 12 and its check 4 (InfiniBand Architecture Specification, annex A17)
ROCE_OVERHEAD_BYTES = 82
_NCCL = "NVIDIA/nccl, src/graph/tuning.cc: latency of a ring's hop, protocol Simple"


@dataclass(frozen=True)
class Link:
    """One direction of a line: the bytes/s of data that it carries, and the seconds that a hop takes beside them."""

    bytes_per_s: float
    hop_s: float
    source: str


def roce(line_bits_per_s: float, payload_bytes: int) -> Link:
    """Ethernet that carries RoCE v2 packets of a payload of so many bytes."""
    share = payload_bytes / (payload_bytes + ROCE_OVERHEAD_BYTES)
    return Link(line_bits_per_s / 8 * share, 14e-6, f"line rate less the headers of RoCE v2; {_NCCL}")


def infiniband(line_bits_per_s: float) -> Link:
    """InfiniBand at the share of its rate that NCCL reached with 16 A100 in two nodes, 86 of 100 GB/s."""
    return Link(0.86 * line_bits_per_s / 8, 14e-6, f"NVIDIA/nccl, issue 1048: 86 GB/s of 4 x 200 Gbit/s; {_NCCL}")


LINKS: dict[str, Link] = {
    "pcie3-x16": Link(12e9, 5.7e-6, f"PCI-SIG: 8 GT/s, 16 lanes, packets of 256 bytes; {_NCCL}"),
    "nvlink-a100": Link(239.3e9, 3.4e-6, f"VIA-Research/vTrain, trace/: 8 x A100, the slope of large rings; {_NCCL}"),
    "nvlink-h100": Link(363e9, 3.4e-6, f"450 GB/s a direction (data sheet) at the A100's share of its 300; {_NCCL}"),
    "roce-25g": roce(25e9, 1024),
    "roce-200g": roce(200e9, 4096),
    "roce-400g": roce(400e9, 4096),
    "infiniband-200g": infiniband(200e9),
    "infiniband-400g": infiniband(400e9),
}
