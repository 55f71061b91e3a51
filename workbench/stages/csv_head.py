"""The head of a text table: its encoding, separator, decimal mark, column names and kinds, read without the rest."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from workbench.stages.base import BadInput

HEAD_BYTES = 256 * 1024
MOST_LEVELS = 50  # whole numbers with more values than this are measured, not classes
STRAY_SHARE = 0.1  # up to this share of text among numbers is taken for a mistake, not for a column of text

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
DECIMALS = {"point": ".", "comma": ","}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NO_TEXT = ((b"PK\x03\x04", "an Excel or zip file"), (b"\x1f\x8b", "a gzip file"), (b"%PDF", "a PDF file"))
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_POINT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf|nan", re.IGNORECASE)
_COMMA = re.compile(r"[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?|[-+]?inf|nan", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"0\d+")

Kind = Literal["whole", "number", "text", "unknown"]


@dataclass(frozen=True)
class Settings:
    """What the user said of the file; `auto` where the head decides."""

    separator: str = "auto"
    decimal: str = "auto"
    encoding: str = "auto"
    header: bool = True
    missing: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column as its head shows it: `distinct` values there, of `letters` bytes on average."""

    name: str
    kind: Kind
    distinct: int
    letters: float


@dataclass(frozen=True)
class Head:
    """What the head tells of the file; `rows` is exact if the head is the whole file, else a forecast."""

    encoding: str
    separator: str
    decimal: str
    columns: tuple[Column, ...]
    rows: int
    file_bytes: int


def head_of(path: Path, settings: Settings) -> Head:
    """The head of a file; BadInput if it is no text table. A file that has not changed is read once."""
    about = path.stat()
    return _head(path, about.st_mtime_ns, about.st_size, settings)


@lru_cache(maxsize=64)
def _head(path: Path, changed_ns: int, file_bytes: int, settings: Settings) -> Head:
    with path.open("rb") as file:
        data = file.read(HEAD_BYTES)
    _require_text(path.name, data)
    whole = len(data) == file_bytes
    encoding = _encoding(data) if settings.encoding == "auto" else settings.encoding
    text = _decoded(path.name, data, encoding, whole)
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    separator = _separator(text) if settings.separator == "auto" else SEPARATORS[settings.separator]
    records = _records(text, separator)
    names = _names(path.name, records, settings)
    rows = records[1:] if settings.header else records
    if not rows:
        raise BadInput(f"{path.name} has no rows" + (" below its header" if settings.header else ""))
    decimal = _decimal(rows, separator) if settings.decimal == "auto" else DECIMALS[settings.decimal]
    columns = tuple(_column(path.name, name, at, rows, decimal, settings) for at, name in enumerate(names))
    read = len(data) if whole else len(text.encode(encoding))
    count = len(rows) if whole else round(file_bytes / read * len(rows))
    return Head(encoding, separator, decimal, columns, count, file_bytes)


def _require_text(name: str, data: bytes) -> None:
    if not data.strip():
        raise BadInput(f"{name} is empty")
    for start, what in _NO_TEXT:
        if data.startswith(start):
            raise BadInput(f"{name} is {what}, not a text table; save it as CSV")
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(f"{name} holds zero bytes; it is no text table, or UTF-16 without a byte-order mark")


def _encoding(data: bytes) -> str:
    """By its byte-order mark; else UTF-8 if it can be; else Japanese (Windows) or western European."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    if _decodes(data, "utf-8") is not None:
        return "utf-8"
    japanese = _decodes(data, "cp932")
    if japanese is not None and any(
        "\u3040" <= letter <= "\u30ff" or "\u4e00" <= letter <= "\u9fff" for letter in japanese
    ):
        return "cp932"
    return "cp1252"


def _decodes(data: bytes, encoding: str) -> str | None:
    """The text, of which a last letter may be cut off; None if it is not of this encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None


def _decoded(name: str, data: bytes, encoding: str, whole: bool) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{name}, row {row}: this is not {encoding} text; set `encoding`") from None


def _records(text: str, separator: str) -> list[list[str]]:
    try:
        return [record for record in csv.reader(text.splitlines(keepends=True), delimiter=separator) if record]
    except csv.Error:
        return []


def _separator(text: str) -> str:
    """The one that cuts most records into as many parts as the first."""
    sample = text[: 64 * 1024]
    best, best_fit = ",", (0.0, 0)
    for separator in SEPARATORS.values():
        records = _records(sample, separator)
        if not records or len(records[0]) < 2:
            continue
        width = len(records[0])
        fit = (sum(len(record) == width for record in records) / len(records), width)
        if fit > best_fit:
            best, best_fit = separator, fit
    return best


def _names(file: str, records: list[list[str]], settings: Settings) -> list[str]:
    if not records:
        raise BadInput(f"{file} cannot be cut into rows; is its separator right, and is every quote closed?")
    first = [cell.strip() for cell in records[0]]
    if not settings.header:
        return [f"column_{at + 1}" for at in range(len(first))]
    if all(_POINT.fullmatch(cell) for cell in first):
        raise BadInput(f"{file}, row 1: only numbers stand where the names of columns should; set `header: false`")
    names = [cell or f"column_{at + 1}" for at, cell in enumerate(first)]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise BadInput(f"{file}, row 1: two columns are named '{name}'; rename one of them")
    return names


def _decimal(rows: list[list[str]], separator: str) -> str:
    """A comma if more cells look like `3,14` than like `3.14`."""
    if separator == ",":
        return "."
    cells = [cell.strip() for row in rows[:1000] for cell in row]
    commas = sum("," in cell and _COMMA.fullmatch(cell) is not None for cell in cells)
    points = sum("." in cell and _POINT.fullmatch(cell) is not None for cell in cells)
    return "," if commas > points else "."


def is_number(text: str, decimal: str) -> bool:
    """Whether a cell says a number; the decimal mark is a point or a comma."""
    return (_COMMA if decimal == "," else _POINT).fullmatch(text.strip()) is not None


def _column(file: str, name: str, at: int, rows: list[list[str]], decimal: str, settings: Settings) -> Column:
    cells = [row[at] for row in rows if at < len(row)]
    present = [cell for cell in cells if cell not in settings.missing]
    kind = "text" if name in settings.text else _kind(present, decimal)
    if kind == "text" and name not in settings.text:
        _refuse_strays(file, name, at, rows, decimal, settings)
    return Column(name, kind, len(set(present)), _mean(len(cell.encode()) for cell in present))


def _kind(present: list[str], decimal: str) -> Kind:
    if not present:
        return "unknown"
    if any(_LEADING_ZERO.fullmatch(cell.strip()) for cell in present):
        return "text"  # postcodes and the like would lose their zeros
    if all(_WHOLE.fullmatch(cell.strip()) for cell in present):
        return "whole"
    return "number" if all(is_number(cell, decimal) for cell in present) else "text"


def _refuse_strays(file: str, name: str, at: int, rows: list[list[str]], decimal: str, settings: Settings) -> None:
    """A few words among many numbers are a mistake that would silently turn the column into text."""
    first = 2 if settings.header else 1
    present = [
        (place, row[at]) for place, row in enumerate(rows, first) if at < len(row) and row[at] not in settings.missing
    ]
    strays = [(place, cell) for place, cell in present if not is_number(cell, decimal)]
    if 0 < len(strays) <= STRAY_SHARE * len(present):
        raise stray(file, strays[0][0], name, strays[0][1])


def stray(file: str, row: int | str, name: str, cell: str) -> BadInput:
    """The error about a cell that is no number in a column of numbers."""
    return BadInput(
        f"{file}, row {row}, column '{name}': '{cell}' is no number, and the others are; mend it, "
        f"add '{cell}' to `missing`, or name the column in `text`"
    )


def _mean(values: Iterable[int]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0
