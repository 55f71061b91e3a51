"""Previews: what a person wants to see of a value first, read from its file without loading all of it.

`python -m workbench.stages.preview FILE` tells one as JSON, for windows: libraries that read tables stay out of them.
"""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from workbench.stages import values
from workbench.stages.base import BadInput

HEAD_ROWS, HEAD_COLUMNS = 50, 60
SAMPLE_ROWS = 10_000  # from the first of which histograms are made
BINS = 24
MOST_BARS = 12  # values of text, or classes, that get a bar of their own


@dataclass(frozen=True)
class Bars:
    """How often values of a column occur: `counts` of `names`, or of ranges between `edges` (one more than counts)."""

    column: str
    counts: tuple[int, ...]
    names: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class Scatter:
    """Points on a plane by class: `x`, `y` and positions in `classes`, each of one length."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    of: tuple[int, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """A value at a glance. `facts` are (code, number) and `texts` (code, words), whose names the reader has.

    `head` are the first rows below `columns`; `matrix` counts true classes (rows) by what was said (columns).
    """

    kind: str  # table, dataset, model, metrics, file
    facts: tuple[tuple[str, float], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    bars: tuple[Bars, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()
    classes: tuple[str, ...] = ()
    scatter: Scatter | None = None


def preview(path: Path) -> Preview:
    """The preview of the value that was stored in a file. BadInput if it holds none, OSError if it is gone."""
    try:
        if values.is_table(path):
            return _of_table(path)
        if zipfile.is_zipfile(path):
            return _of_zip(path)
        said = json.loads(path.read_bytes())
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path.name} holds no value that this version can read: {error}") from error
    return _of_metrics(said) if isinstance(said, dict) else Preview("file", texts=(("path", str(said)),))


# --- tables ----------------------------------------------------------------------------------------------------------


def _of_table(path: Path) -> Preview:
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        rows = sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))
        first, taken = [], 0
        for i in range(reader.num_record_batches):
            first.append(reader.get_batch(i).slice(0, SAMPLE_ROWS - taken))
            taken += first[-1].num_rows
            if taken >= SAMPLE_ROWS:
                break
        sample = pa.Table.from_batches(first, reader.schema)
        names = tuple(sample.column_names[:HEAD_COLUMNS])
        cells = [[_said(cell) for cell in sample.column(i).slice(0, HEAD_ROWS).to_pylist()] for i in range(len(names))]
        bars = tuple(found for i in range(len(names)) if (found := _bars_of(names[i], sample.column(i))) is not None)
        facts = (("rows", float(rows)), ("columns", float(len(sample.column_names))), ("bytes", _size(path)))
        head = tuple(zip(*cells, strict=True))
        return Preview("table", facts, (), names, head, bars, scatter=_scatter_of(sample))


def _bars_of(name: str, column: Any) -> Bars | None:
    import pyarrow as pa

    if pa.types.is_nested(column.type):
        return None
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _histogram(name, column.drop_null().to_numpy())
    found = sorted(((count, _said(value)) for value, count in _counted(column)), key=lambda pair: (-pair[0], pair[1]))
    most = found[:MOST_BARS]
    return Bars(name, tuple(count for count, _ in most), tuple(value for _, value in most)) if most else None


def _counted(column: Any) -> list[tuple[Any, int]]:
    return [(entry["values"], entry["counts"]) for entry in column.drop_null().value_counts().to_pylist()]


def _histogram(name: str, numbers: Any) -> Bars | None:
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    distinct = np.unique(numbers)
    if len(distinct) <= MOST_BARS and np.array_equal(distinct, np.round(distinct)):
        counts = [int((numbers == value).sum()) for value in distinct]
        return Bars(name, tuple(counts), tuple(f"{value:g}" for value in distinct))
    counted, edges = np.histogram(numbers, BINS)
    return Bars(name, tuple(counted.tolist()), edges=tuple(edges.tolist()))


def _scatter_of(table: Any) -> Scatter | None:
    """Points, where the columns of a table are places on a plane."""
    names = table.column_names
    if "x" not in names or "y" not in names:
        return None
    label = next((name for name in ("class", "label", "true") if name in names), None)
    said = [_said(value) for value in table.column(label).to_pylist()] if label else [""] * table.num_rows
    classes = tuple(sorted(set(said)))
    places = [np.asarray(table.column(axis).to_pylist(), dtype=float) for axis in ("x", "y")]
    of = tuple(classes.index(name) for name in said)
    return Scatter(tuple(places[0].tolist()), tuple(places[1].tolist()), of, classes)


def _said(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.6g}"
    if isinstance(cell, list):
        return ", ".join(_said(part) for part in cell)
    return str(cell)


def _size(path: Path) -> float:
    return float(path.stat().st_size)


# --- datasets, models and metrics ------------------------------------------------------------------------------------


def _of_zip(path: Path) -> Preview:
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("value.json"))
        if about["format"] != values.FORMAT:
            raise ValueError(f"format {about['format']}; this version reads format {values.FORMAT}")
        return _of_dataset(path, archive, about) if about["value"] == "dataset" else _of_model(path, archive, about)


def _of_dataset(path: Path, archive: zipfile.ZipFile, about: dict[str, Any]) -> Preview:
    features, classes = tuple(about["features"]), tuple(about["classes"])
    train, test = (_shape(archive, f"own/{part}_x.npy") for part in ("train", "test"))
    x = _first(archive, "own/train_x.npy", SAMPLE_ROWS)
    y = _whole(archive, "own/train_y.npy")
    named = features[: HEAD_COLUMNS - 1]
    head = [
        (classes[label], *(f"{value:.4g}" for value in row[: len(named)]))
        for row, label in zip(x[:HEAD_ROWS], y[:HEAD_ROWS], strict=True)
    ]
    counts = np.bincount(y, minlength=len(classes)).tolist()
    of_classes = Bars("class", tuple(counts[:MOST_BARS]), classes[:MOST_BARS])
    columns = [found for i, name in enumerate(named) if (found := _histogram(name, x[:, i])) is not None]
    rows = (("training_rows", float(train[0])), ("held_out_rows", float(test[0])))
    facts = (*rows, ("columns", float(train[1])), ("classes", float(len(classes))), ("bytes", _size(path)))
    steps = (("steps", " → ".join(step["kind"] for step in about["steps"])),) if about["steps"] else ()
    return Preview("dataset", facts, steps, ("class", *named), tuple(head), (of_classes, *columns))


def _of_model(path: Path, archive: zipfile.ZipFile, about: dict[str, Any]) -> Preview:
    shapes = {name: _shape(archive, name) for name in archive.namelist() if name.startswith("own/")}
    count = sum(prod(shape) for shape in shapes.values())
    rows = [(name[4:-4], " × ".join(map(str, shape)) or "1", f"{prod(shape):,}") for name, shape in shapes.items()]
    columns, classes = float(len(about["features"])), float(len(about["classes"]))
    facts = (("parameters", float(count)), ("columns", columns), ("classes", classes), ("bytes", _size(path)))
    steps = (("steps", " → ".join(step["kind"] for step in about["steps"])),) if about["steps"] else ()
    return Preview("model", facts, (("kind", about["kind"]), *steps), ("array", "shape", "numbers"), tuple(rows))


def _of_metrics(said: dict[str, Any]) -> Preview:
    numbers = tuple((name, float(value)) for name, value in said.items() if isinstance(value, int | float))
    matrix = tuple(tuple(row) for row in said.get("confusion", ()))
    return Preview("metrics", numbers, matrix=matrix, classes=tuple(map(str, said.get("classes", ()))))


def _shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    with archive.open(name) as entry:
        return _header(entry)[0]


def _header(entry: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    major, _ = np.lib.format.read_magic(entry)
    read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    return read(entry)


def _first(archive: zipfile.ZipFile, name: str, rows: int) -> Any:
    """The first rows of a matrix, of which no more is read."""
    with archive.open(name) as entry:
        shape, columns_first, kind = _header(entry)
        if columns_first or kind.hasobject:
            raise ValueError(f"{name} is not stored row by row")
        some = (min(rows, shape[0]), *shape[1:])
        return np.frombuffer(entry.read(prod(some) * kind.itemsize), kind).reshape(some)


def _whole(archive: zipfile.ZipFile, name: str) -> Any:
    return _first(archive, name, 2**62)


# --- for another process ---------------------------------------------------------------------------------------------


def told(text: bytes) -> Preview | str:
    """What a process said of a value: its preview, or words why there is none. ValueError if it said neither."""
    return msgspec.json.decode(text, type=Preview | str)


def main(path: str) -> None:
    """Tell the preview of a file."""
    try:
        found: Preview | str = preview(Path(path))
    except (BadInput, OSError) as error:
        found = str(error)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main(sys.argv[1])
