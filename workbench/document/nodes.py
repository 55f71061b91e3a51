"""The tree of a YAML text, in which every node knows where it stands: what makes small changes of a text possible.

Scalars are resolved by the core schema of YAML 1.2, so that `no`, `on` and dates are text. Anchors, aliases and tags
are refused by name: a scenario needs none, and without them no text can grow when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from workbench.document.problems import Problem

MOST_LEVELS = 40
MOST_CHARACTERS = 500_000

_NULL = re.compile(r"(?:~|null|Null|NULL)?")
_TRUE_FALSE = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = {"inf": float("inf"), "nan": float("nan")}
_SPACE = re.compile(r"(?:[ \t\r\n\ufeff]|(?:(?<=[ \t\r\n])|^)#[^\r\n]*)*", re.MULTILINE)


@dataclass
class Node:
    """One value: text[start:end] is all of it. `entries` of a mapping, `items` of a list, `value` of a scalar.

    `flow` says that it is written in brackets or braces, `column` is where its first key or dash stands, `line` counts
    from 1. `slots` of a list are the ends of its dashes. An empty value has start == end, where it would be written.
    """

    kind: Literal["mapping", "list", "scalar"]
    start: int
    end: int
    line: int
    column: int
    flow: bool = False
    value: Any = None
    entries: list[Entry] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    _by_key: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Puts an entry behind the others."""
        self.entries.append(entry)
        self._by_key.setdefault(entry.key, entry)

    def entry(self, key: str) -> Entry | None:
        """The first entry of that key."""
        return self._by_key.get(key)

    def data(self) -> Any:
        """The value as plain data; of a key that is written twice the first counts."""
        if self.kind == "mapping":
            return {key: entry.node.data() for key, entry in self._by_key.items()}
        if self.kind == "list":
            return [item.data() for item in self.items]
        return self.value


@dataclass
class Entry:
    """One `key: value` of a mapping; the key is text[start:end], its colon ends before `slot`."""

    key: str
    start: int
    end: int
    line: int
    slot: int
    node: Node


@dataclass(frozen=True)
class Tree:
    """What a text holds: the node on top (None if there is none to be read) and what is wrong with the text itself."""

    root: Node | None
    problems: tuple[Problem, ...]


class _Stop(Exception):
    """Reading ends here, with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def tree(text: str) -> Tree:
    """The tree of a text; never raises for what is written in it."""
    reading = _Reading(text)
    try:
        root = reading.document()
    except _Stop as stop:
        return Tree(None, (*reading.problems, stop.problem))
    return Tree(root, tuple(reading.problems))


def skip_space(text: str, position: int) -> int:
    """The first position from `position` on that is neither space, line break nor comment."""
    match = _SPACE.match(text, position)
    assert match
    return match.end()


def line_end(text: str, position: int) -> int:
    """The end of the line, before its line break."""
    ends = [end for end in (text.find("\n", position), text.find("\r", position)) if end >= 0]
    return min(ends, default=len(text))


def line_start(text: str, position: int) -> int:
    """The first position of the line."""
    return max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1


class _Reading:
    """One pass over the events of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self._last = 0  # end of what was read last: before it nothing is empty

    def document(self) -> Node | None:
        if len(self.text) > MOST_CHARACTERS:
            raise _Stop(Problem("too-big", values={"size": len(self.text), "most": MOST_CHARACTERS}))
        events = self._events()
        root = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    line = event.start_mark.line + 1
                    self.problems.append(Problem("several-documents", line=line))
                    break
            elif isinstance(event, ScalarEvent | AliasEvent | MappingStartEvent | SequenceStartEvent):
                root = self._node(event, events, 0, self._last)
        return root

    def _events(self) -> Iterator[Any]:
        """The events of ruamel's parser; whatever is wrong with the text ends them with a problem."""
        try:
            yield from YAML(typ="safe", pure=True).parse(self.text)
        except ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            character = f"U+{error.character:04X}" if isinstance(error.character, int) else repr(error.character)
            raise _Stop(Problem("bad-character", values={"character": character}, line=line)) from error
        except MarkedYAMLError as error:
            raise _Stop(self._syntax(error)) from error
        except (YAMLError, ValueError) as error:
            raise _Stop(Problem("not-yaml", values={"detail": str(error).splitlines()[0]})) from error

    def _syntax(self, error: MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        if mark is not None and "\\t" in (error.problem or ""):
            return Problem("tab", line=line)
        detail = "; ".join(part for part in (error.context, error.problem) if part)
        return Problem("not-yaml", values={"detail": detail}, line=line)

    def _node(self, event: Any, events: Iterator[Any], level: int, slot: int) -> Node:
        """The node that begins with `event`; `slot` is where it would stand if it were empty."""
        line = event.start_mark.line + 1
        if level > MOST_LEVELS:
            raise _Stop(Problem("too-deep", values={"most": MOST_LEVELS}, line=line))
        if isinstance(event, AliasEvent) or event.anchor:
            self.problems.append(Problem("alias", line=line))
        if isinstance(event, AliasEvent):
            self._last = event.end_mark.index
            return Node("scalar", event.start_mark.index, self._last, line, event.start_mark.column)
        if event.tag is not None and str(event.tag) != "!":
            self.problems.append(Problem("tag", values={"tag": event.tag}, line=line))
        if isinstance(event, ScalarEvent):
            return self._scalar(event, line, slot)
        if isinstance(event, SequenceStartEvent):
            return self._list(event, events, level)
        return self._mapping(event, events, level)

    def _scalar(self, event: ScalarEvent, line: int, slot: int) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        if event.style is None and start == end:
            return Node("scalar", slot, slot, self.text.count("\n", 0, slot) + 1, 0)
        if event.style in ("|", ">"):
            end = start + len(self.text[start:end].rstrip(" \r\n"))
        self._last = end
        value = resolved(event.value) if event.style is None else event.value
        return Node("scalar", start, end, line, event.start_mark.column, value=value)

    def _list(self, event: SequenceStartEvent, events: Iterator[Any], level: int) -> Node:
        start, flow = event.start_mark.index, bool(event.flow_style)
        node = Node("list", start, start, event.start_mark.line + 1, event.start_mark.column, flow=flow)
        self._last = start + 1 if flow else start
        for inner in events:
            if isinstance(inner, SequenceEndEvent):
                node.end = self._last = inner.end_mark.index if flow else self._last
                return node
            slot = self._last if flow else self._after(self._last, "-")
            self._last = max(self._last, slot)
            node.slots.append(slot)
            node.items.append(self._node(inner, events, level + 1, slot))
        raise AssertionError("a list without an end")

    def _mapping(self, event: MappingStartEvent, events: Iterator[Any], level: int) -> Node:
        start, flow = event.start_mark.index, bool(event.flow_style)
        node = Node("mapping", start, start, event.start_mark.line + 1, event.start_mark.column, flow=flow)
        self._last = start + 1 if flow else start
        for inner in events:
            if isinstance(inner, MappingEndEvent):
                node.end = self._last = inner.end_mark.index if flow else self._last
                return node
            key = self._node(inner, events, level + 1, self._last)
            slot = self._after(key.end, ":")
            self._last = max(self._last, slot)
            value = self._node(next(events), events, level + 1, slot)
            self._add(node, key, slot, value)
        raise AssertionError("a mapping without an end")

    def _add(self, node: Node, key: Node, slot: int, value: Node) -> None:
        if key.kind != "scalar":
            self.problems.append(Problem("key-not-text", line=key.line))
            return
        if not node.entries and not node.flow:
            node.start, node.column = key.start, key.column
        name = self.text[key.start : key.end] if not isinstance(key.value, str) else key.value
        first = node.entry(name)
        if first:
            values = {"key": name, "first": first.line}
            self.problems.append(Problem("duplicate-key", values=values, line=key.line))
        node.add(Entry(name, key.start, key.end, key.line, slot, value))

    def _after(self, position: int, sign: str) -> int:
        """Behind the dash or colon that follows `position`; `position` itself where there is none."""
        found = skip_space(self.text, position)
        return found + 1 if self.text[found : found + 1] == sign else position


def resolved(text: str) -> Any:
    """The value of an unquoted scalar in the core schema of YAML 1.2."""
    if _NULL.fullmatch(text):
        return None
    if text in _TRUE_FALSE:
        return _TRUE_FALSE[text]
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) < 300 else float(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _NUMBER.fullmatch(text):
        return float(text)
    sign, _, word = text.rpartition(".")
    if sign in ("", "+", "-") and word.lower() in _SPECIAL and text != word:
        return -_SPECIAL[word.lower()] if sign == "-" else _SPECIAL[word.lower()]
    return text
