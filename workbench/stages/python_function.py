"""The stage `python`: a function of the user's own, in a file beside the scenario, behind a question of trust."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files, trust
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

FUNCTION = "run"


class PythonFunction(Stage):
    """Runs `def run(table: pandas.DataFrame) -> pandas.DataFrame` of a file whose present content the user trusts."""

    group = "custom"
    title = "Python function"
    title_ja = "Python 関数"
    doc = "Your own `def run(table)` on a pandas table, from a file beside the scenario. It asks for your trust first."
    doc_ja = "シナリオの隣のファイルにある `def run(table)` を pandas の表に適用します。初回は信頼の確認があります。"
    inputs = (Port("table", "table"),)
    outputs = (Port("table", "table"),)
    runs_user_code = True

    file: str = parameter("step.py", "Python file, beside the scenario", "シナリオの隣の Python ファイル", min_length=1)
    operations_per_row: float = parameter(
        1000.0, "what the function costs, for simulated runs", "1 行あたりの演算数（シミュレーション用）", ge=0
    )

    columns_added: int = parameter(
        0, "columns that it adds, for simulated runs", "追加される列数（シミュレーション用）", ge=0
    )
    rows_kept: float = parameter(1.0, "rows out for each row in, for simulated runs", "入力 1 行あたりの出力行数", gt=0)

    def problems(self, folder: Path) -> list[Problem]:
        if absent := files.missing(folder, self.file, "file"):
            return absent
        code = (folder / self.file).read_bytes()
        try:
            _require_function(code, self.file)
        except BadInput as error:
            return [Problem("refused", "file", {"detail": str(error)})]
        if not trust.is_trusted(trust.digest_of(code)):
            return [Problem("not-trusted", "file", {"path": self.file}, severity="note")]
        return []

    def rests_on(self) -> list[str]:
        return [self.file]

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        table = inputs["table"]
        rows = max(1, round(table.rows * self.rows_kept))
        bytes_ = (table.bytes / table.rows + 8.0 * self.columns_added) * rows
        size = replace(table, rows=rows, columns=table.columns + self.columns_added, bytes=bytes_)
        return Cost(self.operations_per_row * table.rows, 3 * table.bytes + bytes_, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pandas as pd
        import pyarrow as pa

        code = files.to_read(context.folder, self.file).read_bytes()
        if not context.trusted(trust.digest_of(code)):
            raise BadInput(
                f"{self.file} holds Python code that you have not trusted, or that has changed since; "
                f"read it, then trust it in the window or by 'workbench trust {self.file}'"
            )
        _require_function(code, self.file)
        made = self._called(code, inputs["table"].to_pandas())
        if not isinstance(made, pd.DataFrame):
            raise BadInput(f"{self.file}: run() gave back {type(made).__name__}, not a pandas.DataFrame")
        made.columns = [str(name) for name in made.columns]
        try:
            return {"table": pa.Table.from_pandas(made, preserve_index=False).replace_schema_metadata()}
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise BadInput(f"{self.file}: the table that run() gave back cannot be kept: {error}") from error

    def _called(self, code: bytes, table: Any) -> Any:
        names: dict[str, Any] = {"__name__": "workbench_user_code", "__file__": self.file}
        try:
            exec(compile(code, self.file, "exec"), names)
            return names[FUNCTION](table)
        except (Exception, SystemExit) as error:
            lines = [line for frame, line in _frames(error) if frame == self.file]
            at = f", line {lines[-1]}" if lines else ""
            raise BadInput(f"{self.file}{at}: {type(error).__name__}: {error}") from error


def _frames(error: BaseException) -> list[tuple[str, int]]:
    return [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]


def _require_function(code: bytes, name: str) -> None:
    """Refuse a file that is not Python or has no function `run`, without running it."""
    try:
        tree = ast.parse(code, name)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise BadInput(f"{name}{line}: this is not Python: {error}") from None
    if not any(isinstance(part, ast.FunctionDef) and part.name == FUNCTION for part in tree.body):
        raise BadInput(f"{name} defines no function '{FUNCTION}'; write def run(table): ... return table")
