"""The stages `sql` and `write-sql`: tables of a database, through SQLAlchemy; SQLite needs no server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files, sql_url
from workbench.stages.base import BadInput, Context, Cost, Level, Port, Size, Stage, parameter

ROWS_AT_ONCE = 10_000
_READS = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)
ADDRESS = "database, such as sqlite:///data.db or postgresql://user:${PASSWORD}@host/name"
ADDRESS_JA = "データベース（sqlite:///data.db、postgresql://user:${PASSWORD}@host/name など）"


class SqlQuery(Stage):
    """The rows that a query gives; it is asked at the run, and nothing can be changed by it."""

    group = "ingest"
    title = "SQL query"
    title_ja = "SQL クエリ"
    doc = "Reads the rows of a query from SQLite, or from any database that SQLAlchemy has a driver for."
    doc_ja = "SQLite、または SQLAlchemy が対応するデータベースから、クエリの結果を読みます。"
    outputs = (Port("table", "table"),)
    measures = ("rows",)

    url: str = parameter("sqlite:///data.db", ADDRESS, ADDRESS_JA, min_length=1)
    query: str = parameter("select * from data", "one SELECT statement", "SELECT 文（1 つ）", min_length=1)
    rows: int = parameter(1000, "rows that it gives, for simulated runs", "結果の行数（シミュレーション用）", ge=1)
    columns: int = parameter(10, "columns that it gives, for simulated runs", "結果の列数（シミュレーション用）", ge=1)
    classes: int = parameter(2, "classes of its label, for simulated runs", "クラス数（シミュレーション用）", ge=2)
    label: str = parameter("label", "column of the class, for simulated runs", "クラスの列（シミュレーション用）")

    def problems(self, folder: Path) -> list[Problem]:
        found = sql_url.problems(self.url)
        if not found and (file := sql_url.sqlite_file(self.url)) is not None:
            found = files.missing(folder, file, "url")
        if not _READS.match(self.query):
            detail = "the query does not begin with SELECT, WITH or VALUES, and this stage only reads"
            found.append(Problem("refused", "query", {"detail": detail}))
        return found

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        level = Level(self.label, self.classes, True)
        size = Size(rows=self.rows, columns=self.columns, bytes=8.0 * self.rows * self.columns, levels=(level,))
        return Cost(400.0 * self.rows * self.columns, 10 * size.bytes, {"table": size})  # each cell is an object

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import sqlalchemy

        if not _READS.match(self.query):
            raise BadInput("the query does not begin with SELECT, WITH or VALUES, and this stage only reads")
        with sql_url.reading(self.url, context.folder) as connection:
            found = connection.execution_options(stream_results=True).execute(sqlalchemy.text(self.query))
            names = list(found.keys())
            batches = list(iter(lambda: found.fetchmany(ROWS_AT_ONCE), []))
        if len(set(names)) < len(names):
            raise BadInput(f"two columns of the query have one name; its columns are {', '.join(names)}")
        table = _as_table(names, batches)
        context.measure("rows", float(table.num_rows), "rows")
        return {"table": table}


def _as_table(names: list[str], batches: list[Any]) -> Any:
    """Columns of a database whose values may be of several types, as typed ones; BadInput names column and row."""
    import pyarrow as pa

    columns = {}
    for at, name in enumerate(names):
        values = [row[at] for batch in batches for row in batch]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            if all(value is None or isinstance(value, int | float) for value in values):
                columns[name] = pa.array(values, pa.float64())
                continue
            kinds = [type(value) for value in values]
            odd = next(row for row, kind in enumerate(kinds) if kind not in (kinds[0], type(None)))
            raise BadInput(
                f"row {odd + 1} of the query, column '{name}': {values[odd]!r} is of another type than the rows "
                "above; cast the column in the query"
            ) from None
    return pa.table(columns)


def _require_cells(table: Any) -> None:
    """Refuse columns that are no columns of a database: lists and the like."""
    from pyarrow import types

    for field in table.schema:
        if types.is_nested(field.type):
            raise BadInput(f"column '{field.name}' holds values of type {field.type}, which no database column does")


class WriteSql(Stage):
    """Puts a table into a database in one transaction, in the place of an earlier one of that name.

    It replaces, and does not append, so that a run that does it again leaves the same rows.
    """

    group = "deploy"
    title = "Write SQL table"
    title_ja = "SQL 出力"
    doc = "Writes the table into a database, replacing one of that name; an SQLite file lies in the run's folder."
    doc_ja = "表をデータベースに書き込みます（同名の表は置き換え）。SQLite のファイルは実行フォルダに置かれます。"
    inputs = (Port("table", "table"),)
    outputs = (Port("file", "file"),)
    measures = ("written_rows",)

    url: str = parameter("sqlite:///results.db", ADDRESS, ADDRESS_JA, min_length=1)
    name: str = parameter("results", "name of the table", "表の名前", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    def problems(self, folder: Path) -> list[Problem]:
        found = sql_url.problems(self.url)
        file = sql_url.sqlite_file(self.url)
        if not found and file is not None and files.leads_outside(file):
            found = [Problem("path-outside", "url", {"path": file})]
        return found

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        from workbench.stages.values import size_of

        table = inputs["table"]
        return Cost(400.0 * table.rows * table.columns, 10 * table.bytes, {"file": size_of(self.name)})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pandas

        table = inputs["table"]
        _require_cells(table)
        with sql_url.writing(self.url, context.outbox) as connection:
            frame = table.to_pandas()
            try:
                frame.to_sql(self.name, connection, if_exists="replace", index=False, chunksize=ROWS_AT_ONCE)
            except (pandas.errors.DatabaseError, ValueError, OverflowError) as error:
                reason = getattr(error.__cause__, "orig", error)
                raise BadInput(f"the database refuses: {reason}") from None
        context.measure("written_rows", float(table.num_rows), "rows")
        return {"file": self.name}
