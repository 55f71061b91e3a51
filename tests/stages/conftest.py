"""What tests of stages share: a context that remembers measurements, and short ways to real tables and datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.stages.base import Context
from workbench.stages.registry import STAGES


@pytest.fixture
def measured() -> list[tuple[str, float, str]]:
    """What stages told the run, in order."""
    return []


@pytest.fixture
def context(tmp_path: Path, measured: list[tuple[str, float, str]]) -> Context:
    """A scenario's folder and an outbox in the test's own folder; seed 1; nothing is trusted."""
    outbox = tmp_path / "outbox"
    outbox.mkdir()

    def measure(name: str, value: float, unit: str = "", step: int = -1) -> None:
        measured.append((name, value, unit))

    return Context(tmp_path, outbox, 1, measure)


@pytest.fixture
def work(context: Context) -> Callable[..., Any]:
    """work(kind, inputs, **parameters): the one output of a stage."""

    def run(kind: str, inputs: dict[str, Any] | None = None, /, **parameters: Any) -> Any:
        (value,) = STAGES[kind](**parameters).work(inputs or {}, context).values()
        return value

    return run


@pytest.fixture
def dataset(work: Callable[..., Any]) -> Callable[..., Any]:
    """dataset(name, **parameters of prepare): a shipped table, prepared."""
    return lambda name="iris", **parameters: work("prepare", {"table": work("sample", name=name)}, **parameters)
