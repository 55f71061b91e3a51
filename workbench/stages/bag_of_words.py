"""The stage `bag-of-words`: from text to numbers, one for each of the words that occur most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter
from workbench.stages.split import held_out_rows, split
from workbench.stages.texts import WORD


class BagOfWords(Stage):
    """How often each word occurs in a text, on a logarithmic scale and less where many texts hold it (tf-idf).

    Words and their weights are learnt on the training part alone.
    """

    group = "prepare"
    title = "Words of text"
    title_ja = "文章の単語"
    doc = "Turns a column of text into many numbers, one for each frequent word, with a held-out part for testing."
    doc_ja = "文章の列を、頻出語ごとの数値（tf-idf）に変えます。評価用のデータも取り分けます。"
    inputs = (Port("table", "table"),)
    outputs = (Port("dataset", "dataset"),)
    measures = ("training_rows", "held_out_rows")

    text: str = parameter("text", "column that holds the text", "文章の列", min_length=1)
    label: str = parameter("topic", "column that holds the class", "クラスの列", min_length=1)
    words: int = parameter(500, "words at most, the most frequent first", "使う単語の最大数", ge=1, le=100_000)
    held_out: float = parameter(0.2, "share of rows held out for testing", "評価用に取り分ける割合", gt=0, le=0.9)
    stratify: bool = parameter(False, "hold out the same share of each class", "クラスごとに同じ割合で取り分ける")
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        table = inputs["table"]
        test = held_out_rows(table.rows, self.held_out)
        classes = next((level.distinct for level in table.levels if level.column == self.label), 2)
        carried = 4.0 * self.words
        bytes_ = table.rows * (4.0 * self.words + 8) + carried
        size = Size(table.rows - test, self.words, test, classes, bytes_, carried)
        return Cost(80.0 * table.bytes + 4.0 * table.rows * self.words, 2 * table.bytes + bytes_, {"dataset": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from workbench.stages.prepare import labels_of
        from workbench.stages.values import Dataset, FittedStep

        table = inputs["table"]
        for name in (self.text, self.label):
            if name not in table.column_names:
                raise BadInput(f"the table has no column '{name}'; its columns are {', '.join(table.column_names)}")
        codes, classes = labels_of(table, self.label, self.stratify, np.arange(table.num_rows))
        seed = context.seed if self.seed is None else self.seed
        train, test = split(codes, self.held_out, seed, self.stratify)
        texts = _texts(table, self.text)
        words = self._frequent([texts[row] for row in train])
        step = FittedStep("words", {"column": self.text, "words": words}, {})
        present = (_counts(words, [texts[row] for row in train]) > 0).sum(axis=0)
        step.arrays["weight"] = np.log((1 + len(train)) / (1 + present)).astype(np.float32)
        x = matrix(step, table)
        context.measure("training_rows", float(len(train)), "rows")
        context.measure("held_out_rows", float(len(test)), "rows")
        return {"dataset": Dataset(x[train], codes[train], x[test], codes[test], tuple(words), classes, (step,))}

    def _frequent(self, texts: list[str]) -> list[str]:
        counted = Counter(word for text in texts for word in set(_words(text)))
        if not counted:
            raise BadInput(f"column '{self.text}' holds no words of three Latin letters or more")
        return sorted(sorted(counted, key=lambda word: (-counted[word], word))[: self.words])


def matrix(step: Any, table: Any) -> np.ndarray:
    """The table after the fitted step: float32 of shape (rows, words), rows of length 1."""
    name = step.settings["column"]
    if name not in table.column_names:
        raise BadInput(f"the table lacks the column '{name}', whose words were prepared")
    x = np.log1p(_counts(step.settings["words"], _texts(table, name))) * step.arrays["weight"]
    return (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _texts(table: Any, name: str) -> list[str]:
    from workbench.stages.steps import is_text

    column = table.column(name)
    if not is_text(column.type):
        raise BadInput(f"column '{name}' holds values of type {column.type}, not text")
    return [text or "" for text in column.to_pylist()]


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _counts(words: list[str], texts: list[str]) -> np.ndarray:
    places = {word: at for at, word in enumerate(words)}
    counts = np.zeros((len(texts), len(words)), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in _words(text):
            if (at := places.get(word)) is not None:
                counts[row, at] += 1
    return counts
