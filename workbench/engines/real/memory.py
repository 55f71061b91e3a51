"""Memory of a real member: by how much a piece of work lets it grow, as the system counts it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

_RESET = Path("/proc/self/clear_refs")  # Linux: the peak of this process counts from now on


def peak_bytes() -> float:
    """The most memory that this process has had, since `begin` where the system can begin anew."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else 1024 * peak)


class Growth:
    """How much more memory this process has had than when this began; where peaks only add up, at least so much."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            _RESET.write_text("5")
        self.from_bytes = peak_bytes()

    @property
    def bytes(self) -> float:
        return max(0.0, peak_bytes() - self.from_bytes)
