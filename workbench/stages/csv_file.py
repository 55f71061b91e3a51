"""The stage `csv`: a table of the user's own, read in a stream."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Level, Port, Size, Stage, parameter
from workbench.stages.csv_head import MOST_LEVELS, Head, Settings, head_of, is_number, stray

BLOCK_BYTES = 16 * 1024 * 1024
_CELL = re.compile(
    r"In CSV column #(\d+): Row #(\d+): CSV conversion error to [^:]+: (?:invalid value '(.*)')?", re.DOTALL
)
_WIDTH = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


class CsvFile(Stage):
    """A text table with any of the usual separators and encodings; columns are numbers or text, found by looking."""

    group = "ingest"
    title = "CSV file"
    title_ja = "CSV ファイル"
    doc = "Reads your own table. Separator, decimal mark and encoding are recognised; errors name row and column."
    doc_ja = "手元の表を読みます。区切り、小数点、文字コードは自動で判別し、誤りは行と列を示します。"
    outputs = (Port("table", "table"),)
    measures = ("rows",)

    file: str = parameter("data.csv", "path, from the scenario's folder", "シナリオのフォルダからのパス", min_length=1)
    separator: Literal["auto", "comma", "semicolon", "tab", "bar"] = parameter("auto", "between values", "区切り文字")
    decimal: Literal["auto", "point", "comma"] = parameter("auto", "decimal mark of numbers", "小数点")
    encoding: str = parameter("auto", "such as utf-8, cp1252, shift_jis", "文字コード")
    header: bool = parameter(True, "the first row names the columns", "1 行目は列名")
    missing: tuple[str, ...] = parameter(
        ("", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "?"),
        "what stands for a missing value",
        "欠損を表す文字列",
    )
    text: tuple[str, ...] = parameter((), "columns that are text even where they hold numbers", "文字列として読む列")

    def settings(self) -> Settings:
        return Settings(self.separator, self.decimal, self.encoding, self.header, self.missing, self.text)

    def problems(self, folder: Path) -> list[Problem]:
        if absent := files.missing(folder, self.file, "file"):
            return absent
        try:
            codecs.lookup("utf-8" if self.encoding == "auto" else self.encoding)
        except LookupError:
            return [Problem("refused", "encoding", {"detail": f"there is no encoding '{self.encoding}'"})]
        try:
            self._head(folder)
        except (BadInput, OSError) as error:
            return [Problem("refused", "file", {"detail": str(error)})]
        return []

    def _head(self, folder: Path) -> Head:
        head = head_of(files.to_read(folder, self.file), self.settings())
        names = [column.name for column in head.columns]
        for name in self.text:
            if name not in names:
                raise BadInput(f"{self.file} has no column '{name}', which `text` names; it has {', '.join(names)}")
        return head

    def rests_on(self) -> list[str]:
        return [self.file]

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        head = self._head(folder)
        columns = head.columns
        width = sum(8 + column.letters if column.kind == "text" else 8 for column in columns)
        levels = tuple(
            Level(column.name, column.distinct, column.kind == "text")
            for column in columns
            if column.kind == "text" or (column.kind == "whole" and column.distinct <= MOST_LEVELS)
        )
        size = Size(rows=head.rows, columns=len(columns), bytes=float(round(width * head.rows)), levels=levels)
        return Cost(15.0 * head.file_bytes, head.file_bytes + size.bytes, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        head = self._head(context.folder)
        path = files.to_read(context.folder, self.file)
        kinds = {column.name: column.kind for column in head.columns}
        while True:
            try:
                table = _read(path, head, kinds, self)
            except _OtherKind as other:
                kinds[other.column] = "number" if other.is_number else "text"
                continue
            _require_closed_quotes(path, table, self.header)
            context.measure("rows", float(table.num_rows), "rows")
            return {"table": table}


class _OtherKind(Exception):
    """A column turned out, far down, to be of another kind than its head said."""

    def __init__(self, column: str, is_number: bool):
        super().__init__(column)
        self.column, self.is_number = column, is_number


def _read(path: Path, head: Head, kinds: Mapping[str, str], stage: CsvFile) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    names = [column.name for column in head.columns]
    types = {"whole": pa.int64(), "number": pa.float64(), "unknown": pa.float64(), "text": pa.large_string()}
    # Names are given afterwards: the file's own may be doubtful, and only records (not lines) can be skipped safely.
    reading = csv.ReadOptions(
        use_threads=False,  # errors then name the row
        block_size=BLOCK_BYTES,
        autogenerate_column_names=True,
        skip_rows_after_names=1 if stage.header else 0,
        encoding="utf8" if head.encoding in ("utf-8", "utf-8-sig") else head.encoding,
    )
    parsing = csv.ParseOptions(delimiter=head.separator, newlines_in_values=True)
    converting = csv.ConvertOptions(
        column_types={f"f{at}": types[kinds[name]] for at, name in enumerate(names)},
        null_values=list(stage.missing),
        strings_can_be_null=True,
        decimal_point=head.decimal,
    )
    try:
        with csv.open_csv(str(path), reading, parsing, converting) as reader:
            schema, batches = reader.schema, list(reader)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _told(error, path.name, head, kinds) from error
    return pa.Table.from_batches(batches, schema).rename_columns(names)


def _require_closed_quotes(path: Path, table: Any, header: bool) -> None:
    """Refuse a table whose last row has swallowed the lines below it, because a quote was never closed."""
    last = table.slice(table.num_rows - 1).to_pylist()
    if not any(isinstance(cell, str) and "\n" in cell for row in last for cell in row.values()):
        return
    quotes = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            quotes += block.count(b'"')
    if quotes % 2:
        raise BadInput(f"{path.name}, row {table.num_rows + header}: a quote is opened and never closed")


def _told(error: Exception, file: str, head: Head, kinds: Mapping[str, str]) -> Exception:
    """The error in terms of rows and columns, or the wish to read a column as another kind.

    The first row of the file is 1; blank lines do not count.
    """
    text = str(error)
    if found := _WIDTH.search(text):
        row, wanted, got = found.groups()
        return BadInput(f"{file}, row {row}: {got} values, and the table has {wanted} columns")
    if not (found := _CELL.search(text)):
        if isinstance(error, UnicodeDecodeError):
            return BadInput(f"{file} is not {head.encoding} text throughout; set `encoding`")
        return BadInput(f"{file} cannot be read: {text}; is every quote closed?")
    at, row, cell = found.groups()
    column = head.columns[int(at)].name
    if cell is None:
        return BadInput(f"{file}, row {row}, column '{column}': this is not {head.encoding} text; set `encoding`")
    if kinds[column] == "unknown" or (kinds[column] == "whole" and is_number(cell, head.decimal)):
        return _OtherKind(column, is_number(cell, head.decimal))
    return stray(file, row, column, cell)
