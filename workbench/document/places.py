"""Places: where something stands in a document, such as `pipeline.stages[train].with.epochs` or `faults[0].worker`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from workbench.document.nodes import Node

_PART = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


def place_of(path: Sequence[str | int], data: Any, place: str = "") -> str:
    """A path through plain data as it is shown: items of lists by their id where they have one, else by number."""
    for part in path:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
            id = data.get("id") if isinstance(data, dict) else None
            place += f"[{id if isinstance(id, str) and id else part}]"
        else:
            data = data.get(part) if isinstance(data, dict) else None
            place += f".{part}" if place else part
    return place


def line_of(root: Node, place: str, gone: Collection[int] = ()) -> int | None:
    """The line of a place, or of the nearest thing around it that is written; None for the file as a whole.

    Numbers count the items that are in the scenario: those whose `id()` is in `gone` are passed over.
    """
    line, node = None, root
    for item, key in _PART.findall(place):
        if item:
            here = _item(node, item, gone)
            if here is None:
                return line
            line, node = here.line, here
        else:
            entry = node.entry(key)
            if entry is None:
                return line
            line, node = entry.line, entry.node
    return line


def line_at(root: Node, path: Sequence[str | int]) -> int | None:
    """The line of a path through plain data, or of the nearest thing around it that is written."""
    line, node = None, root
    for part in path:
        if isinstance(part, int):
            if part >= len(node.items):
                return line
            node = node.items[part]
            line = node.line
        else:
            entry = node.entry(part)
            if entry is None:
                return line
            line, node = entry.line, entry.node
    return line


def node_at(root: Node, path: Sequence[str | int]) -> Node:
    """The node at a path that is there."""
    for part in path:
        if isinstance(part, int):
            root = root.items[part]
        else:
            entry = root.entry(part)
            assert entry, path
            root = entry.node
    return root


def _item(node: Node, name: str, gone: Collection[int]) -> Node | None:
    items = [item for item in node.items if id(item) not in gone]
    if name.isascii() and name.isdigit():
        return items[int(name)] if int(name) < len(items) else None
    for item in items:
        entry = item.entry("id")
        if entry and entry.node.value == name:
            return item
    return None
