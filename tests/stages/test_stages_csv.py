"""The stage `csv` on files as people have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

from workbench.stages import csv_file
from workbench.stages.base import BadInput, Context
from workbench.stages.csv_file import CsvFile
from workbench.stages.values import size_of


def read(context: Context, data: str | bytes, **parameters: Any) -> dict[str, list[Any]]:
    (context.folder / "table.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    return CsvFile(file="table.csv", **parameters).work({}, context)["table"].to_pydict()


def refusal(context: Context, data: str | bytes, **parameters: Any) -> str:
    with pytest.raises(BadInput) as refused:
        read(context, data, **parameters)
    return str(refused.value)


def test_a_byte_order_mark_is_no_part_of_the_first_name(context: Context) -> None:
    assert read(context, "\ufeffage,city\n30,Oslo\n") == {"age": [30], "city": ["Oslo"]}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_recognised(context: Context, separator: str) -> None:
    text = "a,b,c\n1,x,2.5\n2,y,3.5\n".replace(",", separator)
    assert read(context, text) == {"a": [1, 2], "b": ["x", "y"], "c": [2.5, 3.5]}


def test_a_separator_that_is_given_is_not_questioned(context: Context) -> None:
    assert read(context, "a;b,c\n1;2,x\n", separator="comma") == {"a;b": ["1;2"], "c": ["x"]}


def test_decimal_commas_are_recognised_where_semicolons_separate(context: Context) -> None:
    assert read(context, "size;kind\n1,5;a\n2,25;b\n") == {"size": [1.5, 2.25], "kind": ["a", "b"]}


@pytest.mark.parametrize(
    ("encoding", "word"), [("utf-8", "größe"), ("cp1252", "größe"), ("cp932", "名前とカナ"), ("utf-16", "身長")]
)
def test_the_encoding_is_recognised(context: Context, encoding: str, word: str) -> None:
    assert read(context, f"a\tb\n1\t{word}\n".encode(encoding)) == {"a": [1], "b": [word]}


def test_missing_values_are_null_in_numbers_and_in_text(context: Context) -> None:
    assert read(context, "a,b\nNA,x\n2,\n?,y\n") == {"a": [None, 2, None], "b": ["x", None, "y"]}


def test_quoted_values_may_hold_separators_and_line_breaks(context: Context) -> None:
    assert read(context, 'a,b\n1,"x, y\nz"\n') == {"a": [1], "b": ["x, y\nz"]}


def test_numbers_with_leading_zeros_stay_text(context: Context) -> None:
    assert read(context, "postcode,n\n01067,1\n80331,2\n") == {"postcode": ["01067", "80331"], "n": [1, 2]}


def test_a_file_without_header_gets_numbered_names(context: Context) -> None:
    assert read(context, "1,x\n2,y\n", header=False) == {"column_1": [1, 2], "column_2": ["x", "y"]}


def test_a_column_named_as_text_stays_text(context: Context) -> None:
    assert read(context, "code,n\n7,1\n8,2\n", text=("code",)) == {"code": ["7", "8"], "n": [1, 2]}


def test_fractions_that_come_late_make_the_whole_column_fractional(context: Context) -> None:
    table = read(context, "a,b\n" + "1,x\n" * 100_000 + "2.5,y\n")
    assert table["a"][-2:] == [1.0, 2.5]


def test_a_column_that_starts_empty_becomes_what_comes_later(context: Context) -> None:
    table = read(context, "a,b\n" + ",1\n" * 100_000 + "word,1\n")
    assert table["a"][-2:] == [None, "word"]


def test_reading_in_many_blocks_gives_what_pandas_reads(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{i},{i / 7:.6f},{'even' if i % 2 == 0 else 'odd'}" for i in range(5000)]
    text = "id,share,kind\n" + "\n".join(lines) + "\n"
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 1000)
    table = read(context, text)
    expected = pandas.read_csv(context.folder / "table.csv")
    assert table == {name: expected[name].tolist() for name in expected}


def test_a_word_among_numbers_is_refused_with_row_and_column(context: Context) -> None:
    said = refusal(context, "age,city\n" + "30,Oslo\n" * 20 + "abc,Rome\n")
    assert "row 22, column 'age': 'abc' is no number" in said


def test_a_word_far_down_among_numbers_is_refused_with_row_and_column(context: Context) -> None:
    said = refusal(context, "age,city\n" + "30,Oslo\n" * 100_000 + "abc,Rome\n")
    assert "row 100002, column 'age': 'abc' is no number" in said


def test_a_row_of_another_width_is_refused_with_its_number(context: Context) -> None:
    assert "row 3: 1 values, and the table has 2 columns" in refusal(context, "a,b\n1,2\n3\n")


def test_a_letter_of_another_encoding_far_down_is_refused_with_row_and_column(context: Context) -> None:
    said = refusal(context, b"a,b\n" + b"1,x\n" * 100_000 + b"1,\xe9\n")
    assert "row 100002, column 'b': this is not utf-8 text" in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "is empty"),
        ("a,b\n", "has no rows below its header"),
        ("a,a\n1,2\n", "two columns are named 'a'"),
        ("1,2\n3,4\n", "set `header: false`"),
        ('a,b\n1,"x\n2,y\n3,z\n', "row 2: a quote is opened and never closed"),
        (b"PK\x03\x04" + bytes(50), "Excel"),
        (b"a,b\n1,\x00\n", "zero bytes"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(context: Context, data: str | bytes, words: str) -> None:
    assert words in refusal(context, data)


def test_a_file_that_is_not_there_is_refused_with_the_nearest_name(context: Context) -> None:
    (context.folder / "passengers.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match=r"no file pasengers.csv .* did you mean 'passengers.csv'"):
        CsvFile(file="pasengers.csv").work({}, context)


def test_paths_start_in_the_folder_of_the_scenario(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    (context.folder / "data").mkdir()
    (context.folder / "data" / "t.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir("/")
    assert CsvFile(file="data/t.csv").work({}, context)["table"].num_rows == 1


def test_problems_name_a_missing_file_an_unknown_encoding_and_an_unknown_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert CsvFile(file="t.csv").problems(tmp_path) == []
    (absent,) = CsvFile(file="tt.csv").problems(tmp_path)
    assert (absent.code, absent.place, absent.values["nearest"]) == ("file-missing", "file", "t.csv")
    (encoding,) = CsvFile(file="t.csv", encoding="utf-88").problems(tmp_path)
    assert encoding.place == "encoding"
    (column,) = CsvFile(file="t.csv", text=("c",)).problems(tmp_path)
    assert "has no column 'c'" in column.words()


def test_the_size_of_a_small_file_is_foretold_exactly(context: Context) -> None:
    (context.folder / "t.csv").write_text("age,city\n30,Oslo\n31,Rome\n")
    stage = CsvFile(file="t.csv")
    assert stage.cost({}, context.folder).outputs["table"] == size_of(stage.work({}, context)["table"])


def test_the_size_of_a_large_file_is_foretold_from_its_head(context: Context) -> None:
    rows = [f"{i},{(i * 7919) % 1000 / 10},{'abc'[i % 3] * 5}" for i in range(60_000)]
    (context.folder / "t.csv").write_text("id,level,kind\n" + "\n".join(rows) + "\n")
    stage = CsvFile(file="t.csv")
    foretold, real = stage.cost({}, context.folder).outputs["table"], size_of(stage.work({}, context)["table"])
    assert foretold.columns == real.columns
    assert foretold.rows == pytest.approx(real.rows, rel=0.1)
    assert foretold.bytes == pytest.approx(real.bytes, rel=0.1)
    assert [(level.column, level.distinct) for level in foretold.levels] == [("kind", 3)]


def test_a_file_that_was_changed_is_looked_at_again(context: Context) -> None:
    path = context.folder / "t.csv"
    path.write_text("a,b\n1,2\n")
    before = CsvFile(file="t.csv").cost({}, context.folder).outputs["table"]
    path.write_text("a,b,c\n1,2,3\n4,5,6\n")
    after = CsvFile(file="t.csv").cost({}, context.folder).outputs["table"]
    assert (before.columns, after.columns, after.rows) == (2, 3, 2)
