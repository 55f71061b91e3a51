"""The stage `texts`: the reference of the Python language, which comes with Python, as a table of text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from workbench.stages.base import Context, Cost, Level, Port, Size, Stage, parameter

WORD = re.compile(r"[a-z]{3,}")
_PARAGRAPH = re.compile(r"\n\s*\n")
FEWEST_WORDS = 5  # of a paragraph; shorter ones are headings and rulers


class Texts(Stage):
    """Real text that needs no download: paragraphs with their topic, or the words that occur in each paragraph."""

    group = "ingest"
    title = "Sample text"
    title_ja = "サンプル文章"
    doc = "The reference of the Python language, which ships with Python: its paragraphs, or the words in each of them."
    doc_ja = "Python に同梱の言語リファレンスです。段落ごと、または段落に現れる単語ごとの表になります。"
    outputs = (Port("table", "table"),)
    measures = ("rows",)

    rows: Literal["paragraphs", "words"] = parameter("paragraphs", "what a row is", "行の単位")
    topics: int = parameter(
        0, "only the topics with the most paragraphs; 0 for all", "段落の多い話題だけ（0 は全部）", ge=0
    )

    def rests_on(self) -> list[str]:
        return []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        found = paragraphs(self.topics)
        topics = Level("topic", len({topic for topic, _ in found}), True)
        letters = sum(len(topic) + len(text.encode()) for topic, text in found)
        if self.rows == "paragraphs":
            size = Size(len(found), 3, bytes=float(letters + 16 * len(found)), levels=(topics,))
        else:
            count, written = words_told(self.topics)
            size = Size(count, 3, bytes=float(written + 16 * count), levels=(topics,))
        return Cost(40.0 * letters, 4.0 * letters + size.bytes, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        found = paragraphs(self.topics)
        if self.rows == "paragraphs":
            columns = {
                "topic": [topic for topic, _ in found],
                "paragraph": range(len(found)),
                "text": [text for _, text in found],
            }
        else:
            rows = [(t, n, word) for n, (t, text) in enumerate(found) for word in WORD.findall(text.lower())]
            columns = dict(zip(("topic", "paragraph", "word"), zip(*rows, strict=True), strict=True))
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        context.measure("rows", float(table.num_rows), "rows")
        return {"table": table}


@lru_cache(maxsize=8)
def paragraphs(most: int) -> tuple[tuple[str, str], ...]:
    """(topic, text) of every paragraph that has some words, by topic and place; white space is made single."""
    from pydoc_data.topics import topics

    found = tuple(
        (topic, " ".join(part.split()))
        for topic in sorted(topics)
        for part in _PARAGRAPH.split(topics[topic])
        if len(WORD.findall(part.lower())) >= FEWEST_WORDS
    )
    counted = Counter(topic for topic, _ in found)
    largest = sorted(counted, key=lambda topic: (-counted[topic], topic))[: most or None]
    return tuple(pair for pair in found if pair[0] in largest)


@lru_cache(maxsize=8)
def words_told(topics: int) -> tuple[int, int]:
    """(how many words there are, how many letters they and their topics have)."""
    found = [(len(topic), WORD.findall(text.lower())) for topic, text in paragraphs(topics)]
    letters = sum(len(words) * topic + sum(map(len, words)) for topic, words in found)
    return sum(len(words) for _, words in found), letters
