"""The stage `letters`: from text to sequences of letters, each with the letter that comes next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter
from workbench.stages.split import held_out_rows, split

FORESEEN_LETTERS = 70  # that differ, in a text of a Latin alphabet


class Letters(Stage):
    """Windows of a text in order; a feature is a letter's place in the list of classes, the class is the next letter.

    Windows are drawn without return, so that a table of any length gives as many as are asked for, or all it has.
    """

    group = "prepare"
    title = "Letters of text"
    title_ja = "文章の文字"
    doc = "Cuts a column of text into short sequences of letters; what is learnt is the letter that comes next."
    doc_ja = "文章の列を短い文字列に切り分けます。次に来る文字を学習の対象とします。"
    inputs = (Port("table", "table"),)
    outputs = (Port("dataset", "dataset"),)
    measures = ("training_rows", "held_out_rows", "letters")

    text: str = parameter("text", "column that holds the text", "文章の列", min_length=1)
    length: int = parameter(32, "letters in a sequence", "系列の文字数", ge=1, le=4096)
    rows: int = parameter(2000, "sequences at most", "系列の最大数", ge=2, le=10_000_000)
    held_out: float = parameter(0.2, "share of rows held out for testing", "評価用に取り分ける割合", gt=0, le=0.9)
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        table = inputs["table"]
        test = held_out_rows(self.rows, self.held_out)
        bytes_ = self.rows * (4.0 * self.length + 8)
        size = Size(self.rows - test, self.length, test, FORESEEN_LETTERS, bytes_)
        return Cost(10.0 * table.bytes + 4.0 * self.rows * self.length, 2 * table.bytes + bytes_, {"dataset": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from workbench.stages.steps import is_text
        from workbench.stages.values import Dataset

        table = inputs["table"]
        if self.text not in table.column_names or not is_text(table.schema.field(self.text).type):
            raise BadInput(f"the table has no column '{self.text}' of text")
        whole = "\n".join(text or "" for text in table.column(self.text).to_pylist())
        there = len(whole) - self.length
        if there < 2:
            raise BadInput(f"the text has {len(whole)} letters, too few for sequences of {self.length}")
        classes = sorted(set(whole))
        codes = np.searchsorted(np.array(classes), np.array(list(whole)))
        seed = context.seed if self.seed is None else self.seed
        starts = np.sort(np.random.default_rng([seed, 4]).permutation(there)[: self.rows])
        x = codes[starts[:, None] + np.arange(self.length)].astype(np.float32)
        y = codes[starts + self.length].astype(np.int64)
        train, test = split(y, self.held_out, seed, False)
        context.measure("training_rows", float(len(train)), "rows")
        context.measure("held_out_rows", float(len(test)), "rows")
        context.measure("letters", float(len(classes)))
        names = tuple(f"letter {place + 1}" for place in range(self.length))
        return {"dataset": Dataset(x[train], y[train], x[test], y[test], names, tuple(classes))}
