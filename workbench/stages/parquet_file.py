"""The stages `parquet` and `write-parquet`: tables in Apache Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from workbench.document.problems import Problem, nearest
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Level, Port, Size, Stage, parameter
from workbench.stages.csv_head import MOST_LEVELS

HEAD_ROWS = 10_000  # of which the kinds of values are looked at


class ParquetFile(Stage):
    """A table with typed columns; all of them, or those that are named."""

    group = "ingest"
    title = "Parquet file"
    title_ja = "Parquet 表"
    doc = "Reads a table from a Parquet file; only the columns that are named, where some are."
    doc_ja = "Parquet ファイルから表を読みます。列名を書けば、その列だけを読みます。"
    outputs = (Port("table", "table"),)
    measures = ("rows",)

    file: str = parameter(
        "data.parquet", "path, from the scenario's folder", "シナリオのフォルダからのパス", min_length=1
    )
    columns: tuple[str, ...] = parameter((), "columns to read; all when empty", "読む列（空ならすべて）")

    def problems(self, folder: Path) -> list[Problem]:
        if absent := files.missing(folder, self.file, "file"):
            return absent
        try:
            head = self._head(folder)
        except (BadInput, OSError) as error:
            return [Problem("refused", "file", {"detail": str(error)})]
        return [
            Problem("refused", "columns", {"detail": _absent(self.file, name, head.columns)})
            for name in self.columns
            if name not in head.columns
        ]

    def _head(self, folder: Path) -> _Head:
        path = files.to_read(folder, self.file)
        about = path.stat()
        return _head_of(path, about.st_mtime_ns, about.st_size)

    def rests_on(self) -> list[str]:
        return [self.file]

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        head = self._head(folder)
        names = self.columns or tuple(head.columns)
        bytes_ = sum(head.columns[name] for name in names)
        levels = tuple(level for level in head.levels if level.column in names)
        size = Size(rows=head.rows, columns=len(names), bytes=float(round(bytes_)), levels=levels)
        return Cost(4.0 * size.bytes, head.file_bytes + 2 * size.bytes, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from pyarrow import ArrowException, parquet

        path = files.to_read(context.folder, self.file)
        try:
            with parquet.ParquetFile(path) as file:
                for name in self.columns:
                    if name not in file.schema_arrow.names:
                        raise BadInput(_absent(self.file, name, file.schema_arrow.names))
                table = file.read(list(self.columns) or None)
        except ArrowException as error:
            raise BadInput(f"{self.file} cannot be read as Parquet: {error}") from error
        context.measure("rows", float(table.num_rows), "rows")
        return {"table": table.replace_schema_metadata()}


class WriteParquet(Stage):
    """Writes a table to a Parquet file; it appears whole or not at all."""

    group = "deploy"
    title = "Write Parquet"
    title_ja = "Parquet 出力"
    doc = "Writes the table to a Parquet file in the folder of the run."
    doc_ja = "表を実行フォルダの Parquet ファイルに書き出します。"
    inputs = (Port("table", "table"),)
    outputs = (Port("file", "file"),)
    measures = ("written_bytes",)

    path: str = parameter("table.parquet", "name of the file, relative", "ファイル名（相対パス）", min_length=1)
    compression: Literal["zstd", "snappy", "none"] = parameter("zstd", "of the columns", "列の圧縮方式")

    def problems(self, folder: Path) -> list[Problem]:
        return [Problem("path-outside", "path", {"path": self.path})] if files.leads_outside(self.path) else []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        from workbench.stages.values import size_of

        table = inputs["table"]
        per_byte = {"zstd": 20.0, "snappy": 6.0, "none": 3.0}[self.compression]
        return Cost(per_byte * table.bytes, 2 * table.bytes, {"file": size_of(self.path)})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from pyarrow import ArrowException, parquet

        path = files.to_write(context.outbox, self.path)
        unfinished = files.beside(path)
        try:
            parquet.write_table(inputs["table"], unfinished, compression=self.compression)
            unfinished.replace(path)
        except ArrowException as error:
            raise BadInput(f"the table cannot be written as Parquet: {error}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        context.measure("written_bytes", float(path.stat().st_size), "B")
        return {"file": self.path}


class _Head(NamedTuple):
    """What footer and first rows tell: bytes of each column in memory, and columns of few values."""

    rows: int
    columns: dict[str, float]
    levels: tuple[Level, ...]
    file_bytes: int


@lru_cache(maxsize=64)
def _head_of(path: Path, changed_ns: int, file_bytes: int) -> _Head:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            rows = file.metadata.num_rows
            head = next(file.iter_batches(min(HEAD_ROWS, max(rows, 1))), None)
    except ArrowException as error:
        raise BadInput(f"{path.name} is no Parquet file: {error}") from error
    if head is None or not head.num_rows:
        raise BadInput(f"{path.name} has no rows")
    columns = {field.name: head.column(at).nbytes * rows / head.num_rows for at, field in enumerate(head.schema)}
    return _Head(rows, columns, _levels(head), file_bytes)


def _levels(head: Any) -> tuple[Level, ...]:
    from pyarrow import types

    from workbench.stages.steps import is_text

    found = []
    for at, field in enumerate(head.schema):
        text = is_text(field.type)
        if text or types.is_integer(field.type):
            distinct = len(head.column(at).unique().drop_null())
            if text or distinct <= MOST_LEVELS:
                found.append(Level(field.name, distinct, text))
    return tuple(found)


def _absent(file: str, name: str, there: Any) -> str:
    near = nearest(name, there)
    hint = f"; did you mean '{near}'?" if near else ""
    return f"{file} has no column '{name}'{hint}"
