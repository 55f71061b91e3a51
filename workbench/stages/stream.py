"""The stage `stream`: records that arrive one after the other, as a table of a window of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

LOOK_S = 0.02  # between two looks at a file that has not grown


class Stream(Stage):
    """Follows a file of JSON lines while another program writes to it, until enough rows came, or none for a while.

    A last line that is not finished yet is waited for, and left out if it never is.
    """

    group = "ingest"
    title = "Stream"
    title_ja = "ストリーム"
    doc = "Follows a file of JSON lines while it grows, and hands on a window of rows as a table."
    doc_ja = "追記されていく JSON Lines ファイルを追い、一定の行数を表として渡します。"
    outputs = (Port("table", "table"),)
    measures = ("rows",)

    file: str = parameter("stream.jsonl", "path, from the scenario's folder", "シナリオからのパス", min_length=1)
    rows: int = parameter(1000, "rows of a window, at most", "1 回に渡す最大行数", ge=1, le=100_000_000)
    wait_s: float = parameter(1.0, "seconds without a row that end the window", "無通信で打ち切る秒数", gt=0, le=3600)
    columns: int = parameter(5, "columns of a row, for simulated runs", "列数（シミュレーション用）", ge=1)

    def problems(self, folder: Path) -> list[Problem]:
        return files.missing(folder, self.file, "file")

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        size = Size(self.rows, self.columns, bytes=8.0 * self.rows * self.columns)
        return Cost(2000.0 * self.rows, 10 * size.bytes, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        records = []
        for number, line in enumerate(_lines(files.to_read(context.folder, self.file), self.wait_s), 1):
            if line.strip():
                records.append(self._record(line, number))
            if len(records) == self.rows:
                break
        if not records:
            raise BadInput(f"{self.file}: no row came within {self.wait_s:g} s")
        names = list(dict.fromkeys(name for record in records for name in record))
        columns = {}
        for name in names:
            try:
                columns[name] = pa.array([record.get(name) for record in records])
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise BadInput(f"{self.file}, '{name}' holds values of several types: {error}") from error
        context.measure("rows", float(len(records)), "rows")
        return {"table": pa.table(columns)}

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except ValueError:
            raise BadInput(f"{self.file}, line {number}: this is not JSON") from None
        if not isinstance(record, dict):
            raise BadInput(f'{self.file}, line {number}: a row is an object, such as {{"weight": 3.5}}')
        return record


def _lines(path: Path, wait_s: float) -> Iterator[bytes]:
    """Whole lines as they come, until none has come for `wait_s`."""
    held, heard_s = b"", time.monotonic()
    with path.open("rb") as file:
        while time.monotonic() - heard_s < wait_s:
            held += file.readline()
            if held.endswith(b"\n"):
                yield held
                held, heard_s = b"", time.monotonic()
            else:
                time.sleep(LOOK_S)
