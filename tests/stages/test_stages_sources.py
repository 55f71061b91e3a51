"""The stages `sample` and `synthetic`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from workbench.stages.base import Context
from workbench.stages.sample import SHIPPED, Sample
from workbench.stages.synthetic import Synthetic
from workbench.stages.values import size_of


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_table_has_the_size_that_was_foretold(work: Callable[..., Any], name: str) -> None:
    foretold = Sample(name=name).cost({}, Path()).outputs["table"]
    table = work("sample", name=name)
    assert foretold == size_of(table)
    assert len(set(table.column("label").to_pylist())) == SHIPPED[name].classes


def test_the_digits_are_the_real_ones(work: Callable[..., Any]) -> None:
    table = work("sample", name="digits")
    assert table.column("label").to_pylist()[:5] == [0, 1, 2, 3, 4]
    assert table.column("pixel_0_3").to_pylist()[0] == 13.0


def test_a_table_that_is_not_shipped_is_refused() -> None:
    with pytest.raises(ValidationError, match="digits"):
        Sample(name="mnist")


def test_a_synthetic_table_has_the_size_that_was_foretold(work: Callable[..., Any]) -> None:
    parameters = {"rows": 321, "features": 7, "classes": 5}
    foretold = Synthetic(**parameters).cost({}, Path()).outputs["table"]
    assert foretold == size_of(work("synthetic", **parameters))


def test_a_synthetic_table_depends_on_its_seed_alone(work: Callable[..., Any]) -> None:
    assert work("synthetic", seed=4).equals(work("synthetic", seed=4))
    assert not work("synthetic", seed=4).equals(work("synthetic", seed=5))


def test_a_synthetic_table_that_is_drawn_anew_has_other_rows_around_the_same_centres_in_each_instance() -> None:
    stage = Synthetic(rows=4000, features=3, separation=5.0, anew=True)
    first, second = (stage.work({}, Context(Path(), Path(), 1, instance=n))["table"] for n in (0, 1))
    assert first.equals(Synthetic(rows=4000, features=3, separation=5.0).work({}, Context(Path(), Path(), 1))["table"])
    assert not first.equals(second)
    centres = [table.to_pandas().groupby("label").mean().to_numpy() for table in (first, second)]
    assert abs(centres[0] - centres[1]).max() < 0.15


def test_the_clouds_of_a_synthetic_table_lie_apart_by_the_separation(work: Callable[..., Any]) -> None:
    frame = work("synthetic", rows=4000, features=3, separation=5.0).to_pandas()
    centres = frame.groupby("label").mean().to_numpy()
    assert (centres**2).sum(axis=1) ** 0.5 == pytest.approx([5.0, 5.0], abs=0.15)


def test_a_synthetic_table_without_rows_is_refused() -> None:
    with pytest.raises(ValidationError):
        Synthetic(rows=0)
