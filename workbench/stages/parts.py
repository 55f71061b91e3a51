"""Parts of a value: how many rows are an item, how one is read without the others, and how items become one value.

A collection is a table or a dataset. It is stored once; what works on an item reads the rows of that item alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from workbench.stages import values
from workbench.stages.base import BadInput
from workbench.stages.values import Dataset

PARTED = ("table", "dataset")  # port types whose values have rows, so that they come in parts and go together


class Collection(Protocol):
    """The parts of a value, by number from 0."""

    def part(self, number: int) -> Any:
        """The rows of one item, as a value of the same type."""


def count(value: Any, partition: int) -> int:
    """How many items of `partition` rows there are in a table, or in the training part of a dataset; at least one."""
    return _count(len(value.train_x) if isinstance(value, Dataset) else value.num_rows, partition)


def _count(rows: int, partition: int) -> int:
    return max(1, ceil(rows / partition))


def collection(path: Path, partition: int, whole: bool = False) -> Collection:
    """The items of a stored value; if `whole`, all of it is loaded now, and held for as long as the collection is."""
    if whole:
        return Held(values.load(path), partition)
    return StoredTable(path, partition) if values.is_table(path) else StoredDataset(path, partition)


# --- reading ---------------------------------------------------------------------------------------------------------


def _rows(number: int, partition: int, of: int) -> tuple[int, int]:
    """From which row to which an item goes, that one excluded."""
    return min(number * partition, of), min((number + 1) * partition, of)


def _share(number: int, count: int, of: int) -> tuple[int, int]:
    """The same of the held-out rows, of which every item has its share."""
    return of * number // count, of * (number + 1) // count


@dataclass(frozen=True, eq=False)
class Held:
    """A value in memory."""

    value: Any
    partition: int

    def part(self, number: int) -> Any:
        value = self.value
        if not isinstance(value, Dataset):
            first, end = _rows(number, self.partition, value.num_rows)
            return value.slice(first, end - first)
        first, end = _rows(number, self.partition, len(value.train_x))
        low, high = _share(number, count(value, self.partition), len(value.test_x))
        rows = {name: getattr(value, name)[first:end] for name in _TRAIN}
        rows |= {name: getattr(value, name)[low:high] for name in _HELD_OUT}
        return Dataset(**rows, features=value.features, classes=value.classes, steps=value.steps)


class StoredTable:
    """A table on disk: its record batches are of one size (but for the last one), and read one by one."""

    def __init__(self, path: Path, partition: int):
        import pyarrow as pa

        self.partition = partition
        self._reader = pa.ipc.open_file(pa.OSFile(str(path)))
        self.batches = self._reader.num_record_batches
        self.rows_of_batch = self._reader.get_batch(0).num_rows if self.batches else 1
        self.rows = 0
        if self.batches:
            last = self._reader.get_batch(self.batches - 1).num_rows
            self.rows = (self.batches - 1) * self.rows_of_batch + last

    def part(self, number: int) -> Any:
        import pyarrow as pa

        first, end = _rows(number, self.partition, self.rows)
        at = first // self.rows_of_batch
        batches = [self._reader.get_batch(n) for n in range(at, ceil(end / self.rows_of_batch))]
        table = pa.Table.from_batches(batches, self._reader.schema)
        return table.slice(first - at * self.rows_of_batch, end - first)


class StoredDataset:
    """A dataset on disk, of whose arrays only the rows that are asked for are read."""

    def __init__(self, path: Path, partition: int):
        self.path, self.partition = path, partition
        self.about = values.load(path, without=_ROWS)
        with zipfile.ZipFile(path) as archive:
            self._arrays = {name: _Array.of(archive, f"own/{name}.npy") for name in _ROWS}

    def part(self, number: int) -> Any:
        rows, held_out = self._arrays["train_x"].shape[0], self._arrays["test_x"].shape[0]
        train = _rows(number, self.partition, rows)
        test = _share(number, _count(rows, self.partition), held_out)
        with self.path.open("rb") as file:
            read = {name: self._arrays[name].rows(file, *(train if name in _TRAIN else test)) for name in _ROWS}
        about = self.about
        return Dataset(**read, features=about.features, classes=about.classes, steps=about.steps)


_TRAIN, _HELD_OUT = ("train_x", "train_y"), ("test_x", "test_y")
_ROWS = (*_TRAIN, *_HELD_OUT)


@dataclass(frozen=True)
class _Array:
    """Where the rows of an array lie in a file."""

    start: int
    dtype: np.dtype
    shape: tuple[int, ...]

    @classmethod
    def of(cls, archive: zipfile.ZipFile, name: str) -> _Array:
        assert archive.fp is not None
        with archive.open(name) as entry:
            assert np.lib.format.read_magic(entry) == (2, 0)
            shape, by_column, dtype = np.lib.format.read_array_header_2_0(entry)
            header = entry.tell()
        assert not by_column
        return cls(_start_of(archive, name) + header, dtype, shape)

    def rows(self, file: Any, first: int, end: int) -> np.ndarray:
        width = int(np.prod(self.shape[1:]))
        file.seek(self.start + first * width * self.dtype.itemsize)
        read = np.fromfile(file, self.dtype, (end - first) * width)
        return read.reshape(end - first, *self.shape[1:])


def _start_of(archive: zipfile.ZipFile, name: str) -> int:
    """Where the bytes of a stored entry begin: behind its local header, whose last two fields have any length."""
    assert archive.fp is not None
    at = archive.getinfo(name).header_offset
    archive.fp.seek(at + 26)
    named, more = np.frombuffer(archive.fp.read(4), "<u2").tolist()
    return at + 30 + named + more


# --- putting together ------------------------------------------------------------------------------------------------


def together(parts: Sequence[Any]) -> Any:
    """What items have led to, as one value, in their order; BadInput where they do not go together."""
    if not parts:
        raise BadInput("no item has led to a result, so that there is nothing to go on with")
    if isinstance(parts[0], Dataset):
        return _one_dataset(parts)
    import pyarrow as pa

    try:
        return pa.concat_tables(parts, promote_options="default")
    except pa.ArrowException as error:
        raise BadInput(f"the tables of the items do not go together: {error}") from error


def _one_dataset(parts: Sequence[Dataset]) -> Dataset:
    """One dataset of several. Items that were prepared each in its own way share no preparation any more."""
    first = parts[0]
    for number, part in enumerate(parts):
        if part.features != first.features:
            theirs = sorted(set(part.features) ^ set(first.features))[:3] or ["their order"]
            raise BadInput(f"the items have different features, those of item {number} from: {', '.join(theirs)}")
    classes = _all_classes(parts)
    at = [np.array([classes.index(name) for name in part.classes], np.int64) for part in parts]
    labels = [(own[part.train_y], own[part.test_y]) for own, part in zip(at, parts, strict=True)]
    return Dataset(
        np.concatenate([part.train_x for part in parts]),
        np.concatenate([train for train, _ in labels]),
        np.concatenate([part.test_x for part in parts]),
        np.concatenate([test for _, test in labels]),
        first.features,
        classes,
        first.steps if all(values.equal_steps(part.steps, first.steps) for part in parts) else (),
    )


def _all_classes(parts: Sequence[Dataset]) -> tuple[str, ...]:
    """The classes of all items: a part of the rows may lack some. Numbers by size, text by the alphabet."""
    if all(part.classes == parts[0].classes for part in parts):
        return parts[0].classes
    every = {name for part in parts for name in part.classes}
    try:
        return tuple(sorted(every, key=lambda name: (float(name), name)))
    except ValueError:
        return tuple(sorted(every))
