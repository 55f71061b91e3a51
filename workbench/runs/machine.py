"""The machine that carried a run out: what may differ between two equal runs, and so is kept out of the events."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

LIBRARIES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "simpy",
    "pydantic",
    "msgspec",
    "PySide6-Essentials",
)


def describe() -> dict[str, Any]:
    """Python, platform, processors, memory in bytes, versions of libraries, and when the run began."""
    import psutil

    import workbench

    return {
        "began": datetime.now(UTC).isoformat(timespec="microseconds"),
        "workbench": workbench.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor_name(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "libraries": {name: version for name in LIBRARIES if (version := version_of(name))},
    }


@cache
def version_of(library: str) -> str:
    """The installed version, without importing the library; empty if it is not installed."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


@cache
def processor_name() -> str:
    """The processor's name as the system gives it, which on Linux only /proc knows."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
            return next(names, platform.machine())
    except FileNotFoundError:
        return platform.processor() or platform.machine()
