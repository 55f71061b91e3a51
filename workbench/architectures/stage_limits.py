"""Limits of a stage: in which words both engines say that work went beyond one."""

from __future__ import annotations

from workbench.document.scenario import StageUse
from workbench.document.units import BYTES, SECONDS, show


def over_time(use: StageUse, took_s: float) -> str:
    """That work took too long; empty if it did not."""
    if use.time_limit is None or took_s <= use.time_limit:
        return ""
    return f"it took {took_s:.3g} s, and its time_limit is {show(use.time_limit, SECONDS)}"


def over_memory(use: StageUse, took_bytes: float) -> str:
    """That work took too much memory; empty if it did not."""
    if use.memory_limit is None or took_bytes <= use.memory_limit:
        return ""
    return f"it took {took_bytes / 1e6:,.0f} MB of memory, and its memory_limit is {show(use.memory_limit, BYTES)}"
