"""The stages `parquet`, `write-parquet`, `sql` and `write-sql`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy
from pyarrow import parquet

from workbench.stages.base import BadInput, Context
from workbench.stages.parquet_file import ParquetFile, WriteParquet
from workbench.stages.sql import SqlQuery, WriteSql
from workbench.stages.values import size_of

TABLE = pa.table({"id": [1, 2, 3, 4], "weight": [0.5, 1.5, None, 3.5], "label": ["a", "b", "a", "b"]})
FLOWERS = Path(__file__).parent.parent.parent / "scenarios" / "data"


@pytest.fixture
def database(context: Context) -> Path:
    path = context.folder / "shop.db"
    with sqlite3.connect(path) as made:
        made.execute("create table orders (id integer, price real, label text)")
        made.executemany("insert into orders values (?, ?, ?)", [(1, 2.5, "x"), (2, None, "y"), (3, 4.5, "x")])
    made.close()
    return path


def said(stage: Any, folder: Path) -> str:
    (problem,) = stage.problems(folder)
    return problem.words()


# --- Parquet ---------------------------------------------------------------------------------------------------------


def test_a_table_comes_back_from_parquet_as_it_was_written(work: Callable[..., Any], context: Context) -> None:
    assert work("write-parquet", {"table": TABLE}, path="deep/t.parquet") == "deep/t.parquet"
    assert [path.name for path in (context.outbox / "deep").iterdir()] == ["t.parquet"]
    assert work("parquet", file="outbox/deep/t.parquet").equals(TABLE)
    assert work("parquet", file="outbox/deep/t.parquet", columns=["label"]).equals(TABLE.select(["label"]))


@pytest.mark.parametrize("columns", [[], ["alcohol", "label"]])
def test_the_size_of_a_parquet_table_is_foretold(work: Callable[..., Any], columns: list[str]) -> None:
    stage = ParquetFile(file=str(FLOWERS / "wine.parquet"), columns=columns)
    foretold = stage.cost({}, FLOWERS).outputs["table"]
    assert foretold == size_of(work("parquet", file=str(FLOWERS / "wine.parquet"), columns=columns))
    assert [(level.column, level.distinct) for level in foretold.levels if level.text] == [("label", 3)]


def test_a_parquet_file_that_cannot_be_read_is_refused_before_the_run(context: Context) -> None:
    assert "there is no file data.parquet" in said(ParquetFile(), context.folder)
    (context.folder / "data.parquet").write_text("a,b\n1,2\n")
    assert "data.parquet is no Parquet file" in said(ParquetFile(), context.folder)
    parquet.write_table(TABLE, context.folder / "data.parquet")
    assert "has no column 'wieght'; did you mean 'weight'?" in said(ParquetFile(columns=["wieght"]), context.folder)
    assert "leads out" in said(WriteParquet(path="../t.parquet"), context.folder)


# --- SQL -------------------------------------------------------------------------------------------------------------


def test_the_rows_of_a_query_become_a_typed_table(work: Callable[..., Any], database: Path) -> None:
    table = work("sql", url="sqlite:///shop.db", query="select label, sum(price) as total from orders group by label")
    assert table.to_pylist() == [{"label": "x", "total": 7.0}, {"label": "y", "total": None}]


def test_a_query_changes_nothing(work: Callable[..., Any], context: Context, database: Path) -> None:
    before = database.read_bytes()
    assert "this stage only reads" in said(SqlQuery(url="sqlite:///shop.db", query="drop table orders"), context.folder)
    with pytest.raises(BadInput, match="only reads"):
        work("sql", url="sqlite:///shop.db", query="delete from orders")
    with pytest.raises(BadInput, match="readonly"):
        work("sql", url="sqlite:///shop.db", query="with a as (select 1) insert into orders select 1, 2, 'z' from a")
    assert database.read_bytes() == before


def test_a_database_may_have_any_name(work: Callable[..., Any], context: Context) -> None:
    work("write-sql", {"table": TABLE}, url="sqlite:///my shop #1?.db", name="t")
    assert [path.name for path in context.outbox.iterdir()] == ["my shop #1?.db"]
    assert work("sql", url="sqlite:///outbox/my shop #1?.db", query="select * from t").num_rows == 4


def test_a_column_of_mixed_types_is_refused_by_row(work: Callable[..., Any], database: Path) -> None:
    query = "select id, case when id = 3 then 'three' else id end as odd from orders"
    with pytest.raises(BadInput, match="row 3 of the query, column 'odd': 'three'"):
        work("sql", url="sqlite:///shop.db", query=query)
    with pytest.raises(BadInput, match="no such table: order"):
        work("sql", url="sqlite:///shop.db", query="select * from order_")


def test_addresses_are_checked_without_going_there(context: Context) -> None:
    assert "there is no file data.db" in said(SqlQuery(), context.folder)
    assert "is no address of a database" in said(SqlQuery(url="shop.db"), context.folder)
    assert "name the file" in said(SqlQuery(url="sqlite://"), context.folder)
    assert "a password does not belong" in said(SqlQuery(url="postgresql://me:secret@host/shop"), context.folder)
    assert SqlQuery(url="postgresql://me:${SHOP_PASSWORD}@host/shop").problems(context.folder) == []
    assert "leads out" in said(WriteSql(url="sqlite:////tmp/results.db"), context.folder)


def test_a_secret_comes_from_the_environment_and_is_not_told(
    work: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="no variable SHOP_PASSWORD"):
        work("sql", url="nosuchdatabase://me:${SHOP_PASSWORD}@host/shop")
    asked = []
    make = sqlalchemy.create_engine
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda url, **more: (asked.append(url), make(url, **more))[1])
    monkeypatch.setenv("SHOP_PASSWORD", "hunter@2")
    with pytest.raises(BadInput) as refused:
        work("sql", url="nosuchdatabase://me:${SHOP_PASSWORD}@host/shop")
    assert sqlalchemy.make_url(asked[0]).password == "hunter@2"
    assert "hunter" not in str(refused.value)


def test_a_table_takes_the_place_of_an_earlier_one_in_a_database(work: Callable[..., Any], context: Context) -> None:
    work("write-sql", {"table": TABLE}, name="t")
    work("write-sql", {"table": TABLE.slice(1)}, name="t")
    again = work("sql", url="sqlite:///outbox/results.db", query="select * from t order by id")
    assert again.to_pylist() == TABLE.slice(1).to_pylist()


def test_a_table_that_cannot_be_written_leaves_the_earlier_one(work: Callable[..., Any], context: Context) -> None:
    work("write-sql", {"table": TABLE}, name="t")
    exact = pa.table({"id": pa.array([Decimal("1.5")])})
    with pytest.raises(BadInput, match="the database refuses"):
        work("write-sql", {"table": exact}, name="t")
    nested = pa.table({"id": [1, 2], "odd": [[1, 2], [3]]})
    with pytest.raises(BadInput, match="column 'odd' holds values of type list"):
        work("write-sql", {"table": nested}, name="t")
    assert work("sql", url="sqlite:///outbox/results.db", query="select * from t").num_rows == 4
