"""Checkpoints that have become unusable, as both engines tell of them."""

from __future__ import annotations

from typing import Any


def unusable_text(key: str, last: Any, before: Any) -> str:
    """What a checkpoint that has become unusable means for a restart."""
    _, _, stage, *part = key.split("/")
    if part:  # of several, each of which holds a part of the model: step and rank are in the key
        step, rank = part
        return f"part {rank} of the checkpoint of {stage} after step {step} is unusable, so that it does not count"
    then = f"at the one after step {before[0]}" if before is not None else "from the start"
    return f"the checkpoint of {stage} after step {last[0]} is unusable; a restart begins {then}"
