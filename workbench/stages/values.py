"""Values: what links carry, and how each kind is stored: Arrow for tables, a zip of arrays and JSON for the rest.

Nothing that is read back can run code: arrays are stored without objects, everything else is JSON.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workbench.stages.base import BadInput, Size

FORMAT = 1
_ARROW, _ZIP = b"ARROW1", b"PK"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold: equal values are then equal to the byte


@dataclass(frozen=True, eq=False)
class FittedStep:
    """A step of preparation that has learnt from a training part: plain settings, and arrays."""

    kind: str
    settings: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Numbers ready for training, with the part that is held out, and the steps that made them of a table.

    `train_x` and `test_x` are float32 of shape (rows, features), `train_y` and `test_y` int64 positions in `classes`.
    """

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    steps: tuple[FittedStep, ...] = ()


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted classifier: its kind, its arrays, and the steps that a raw table goes through before it."""

    kind: str
    arrays: dict[str, np.ndarray]
    features: tuple[str, ...]
    classes: tuple[str, ...]
    steps: tuple[FittedStep, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def carried_bytes(steps: tuple[FittedStep, ...]) -> int:
    """The bytes of what the steps have learnt."""
    return sum(array.nbytes for step in steps for array in step.arrays.values())


def equal_steps(some: tuple[FittedStep, ...], others: tuple[FittedStep, ...]) -> bool:
    """Whether both have learnt the same."""
    return len(some) == len(others) and all(
        (one.kind, one.settings, one.arrays.keys()) == (other.kind, other.settings, other.arrays.keys())
        and all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
        for one, other in zip(some, others, strict=True)
    )


def size_of(value: Any) -> Size:
    """The real size of a value, in the terms in which stages foretell it."""
    match value:
        case Dataset():
            carried = carried_bytes(value.steps)
            arrays = (value.train_x, value.train_y, value.test_x, value.test_y)
            return Size(
                rows=len(value.train_x),
                columns=len(value.features),
                test_rows=len(value.test_x),
                classes=len(value.classes),
                bytes=float(sum(array.nbytes for array in arrays) + carried),
                carried_bytes=float(carried),
            )
        case Model():
            carried = carried_bytes(value.steps)
            own = sum(array.nbytes for array in value.arrays.values())
            return Size(
                columns=len(value.features),
                classes=len(value.classes),
                bytes=float(own + carried),
                carried_bytes=float(carried),
            )
        case dict():
            return metrics_size(len(value.get("classes", ())))
        case str():
            return Size(bytes=float(len(value.encode())))
        case _:
            return Size(rows=value.num_rows, columns=value.num_columns, bytes=float(value.nbytes))


def metrics_size(classes: int) -> Size:
    """The size of metrics: a confusion matrix, and three numbers."""
    return Size(classes=classes, bytes=8.0 * (classes * classes + 3))


# --- storage ---------------------------------------------------------------------------------------------------


def save(value: Any, path: Path, partition: int | None = None) -> None:
    """Store a value of any port type; the file appears whole or not at all, and equal values give equal bytes.

    A table of which parts will be read is stored in record batches of `partition` rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            write(value, file, partition)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(value: Any, file: Any, partition: int | None = None) -> None:
    """Write a value into an open file, as `save` stores it."""
    match value:
        case Dataset():
            names = ("train_x", "train_y", "test_x", "test_y")
            _write_zip(file, value, {name: getattr(value, name) for name in names}, {"value": "dataset"})
        case Model():
            about = {"value": "model", "kind": value.kind, "settings": value.settings}
            _write_zip(file, value, value.arrays, about)
        case dict() | str():
            file.write(json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode())
        case _:
            import pyarrow as pa

            with pa.ipc.new_file(file, value.schema) as writer:
                if partition is None:
                    writer.write_table(value)
                for first in range(0, value.num_rows, partition) if partition else ():
                    writer.write_table(value.slice(first, partition).combine_chunks())


def _write_zip(file: Any, value: Dataset | Model, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
    named = {f"own/{name}": array for name, array in arrays.items()}
    for place, step in enumerate(value.steps):
        named |= {f"steps/{place}/{name}": array for name, array in step.arrays.items()}
    head = about | {
        "format": FORMAT,
        "features": value.features,
        "classes": value.classes,
        "steps": [{"kind": step.kind, "settings": step.settings} for step in value.steps],
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        text = json.dumps(head, sort_keys=True, ensure_ascii=False, allow_nan=False)
        archive.writestr(zipfile.ZipInfo("value.json", _EPOCH), text)
        for name in sorted(named):
            with archive.open(zipfile.ZipInfo(name + ".npy", _EPOCH), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.ascontiguousarray(named[name]), (2, 0), allow_pickle=False)


def is_table(path: Path) -> bool:
    """Whether the value that was stored in a file is a table."""
    with path.open("rb") as file:
        return file.read(len(_ARROW)) == _ARROW


def load(path: Path, without: Sequence[str] = ()) -> Any:
    """The value that was stored in a file; BadInput if the file holds none. Arrays `without` which it is are empty."""
    with path.open("rb") as file:
        start = file.read(6)
    try:
        if start == _ARROW:
            import pyarrow as pa

            # Read, not mapped: the file may be replaced while the table is in use.
            with pa.OSFile(str(path)) as source:
                return pa.ipc.open_file(source).read_all()
        if start.startswith(_ZIP):
            return _read_zip(path, without)
        return json.loads(path.read_bytes())
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path.name} holds no value that this version can read: {error}") from error


def _read_zip(path: Path, without: Sequence[str]) -> Dataset | Model:
    with zipfile.ZipFile(path) as archive:
        head = json.loads(archive.read("value.json"))
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}; this version reads format {FORMAT}")
        arrays = {
            name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
            for name in archive.namelist()
            if name.endswith(".npy") and name[4:-4] not in without
        } | {f"own/{name}": np.empty(0) for name in without}
    own = {name.removeprefix("own/"): array for name, array in arrays.items() if name.startswith("own/")}
    steps = tuple(
        FittedStep(step["kind"], step["settings"], _below(arrays, f"steps/{place}/"))
        for place, step in enumerate(head["steps"])
    )
    features, classes = tuple(head["features"]), tuple(head["classes"])
    if head["value"] == "dataset":
        return Dataset(**own, features=features, classes=classes, steps=steps)
    return Model(head["kind"], own, features, classes, steps, head["settings"])


def _below(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
