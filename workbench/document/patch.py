"""Small changes of a text: only what differs is written anew, so that comments, order and spelling stay the user's."""

from __future__ import annotations

import json
from collections.abc import Collection
from difflib import SequenceMatcher
from typing import Any

from workbench.document.nodes import Entry, Node, line_end, line_start
from workbench.document.written import Section, after_colon, after_dash, entry, flow, same, scalar


def patched(text: str, root: Node, old: Any, new: Any, gone: Collection[int] = ()) -> str:
    """The text of which `root` is the tree, changed from saying `old` to saying `new`.

    `gone` are the `id`s of nodes in lists that stand in the text and not in `old`; they stay.
    """
    changes = _Changes(text, gone)
    changes.value(root, root.start, old, new, inside_flow=root.flow, column=-2)
    return changes.applied(0, len(text))


class _Changes:
    """The changes of one text: spans that do not overlap, each with what takes its place."""

    def __init__(self, text: str, gone: Collection[int]) -> None:
        self.text, self.gone = text, gone
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.spans: list[tuple[int, int, str]] = []

    def applied(self, start: int, end: int) -> str:
        """text[start:end] with the changes that lie in it."""
        parts, position = [], start
        for begin, finish, replacement in sorted(self.spans, key=lambda span: span[:2]):
            if start <= begin and finish <= end:
                parts += [self.text[position:begin], replacement]
                position = finish
        return "".join([*parts, self.text[position:end]])

    def value(self, node: Node, slot: int, old: Any, new: Any, inside_flow: bool, column: int) -> None:
        """Changes a value that stands behind `slot`; `column` is that of its key or dash."""
        if same(old, new):
            return
        if node.kind == "mapping" and isinstance(old, dict) and isinstance(new, dict) and (new or not old):
            self._mapping(node, slot, old, new, inside_flow, column)
        elif node.kind == "list" and isinstance(old, list) and isinstance(new, list) and (new or not old):
            self._list(node, slot, old, new, inside_flow, column)
        else:
            self._replace(node, slot, new, inside_flow, column)

    # --- whole values ---

    def _replace(self, node: Node, slot: int, new: Any, inside_flow: bool, column: int) -> None:
        if inside_flow:
            # A key may stand alone between braces, without a colon.
            before = "" if node.start < node.end else " " if self.text[slot - 1] == ":" else ": "
            self.spans.append((node.start, node.end, before + flow(new)))
        elif self.text[slot - 1 : slot] == "-":
            self.spans.append((slot, node.end, after_dash(new, column, self.newline)))
        else:
            self._replace_in_block(node, slot, after_colon(new, column, self.newline))

    def _replace_in_block(self, node: Node, slot: int, said: str) -> None:
        """Behind a colon: a comment on the line of the key stays there."""
        below = line_end(self.text, slot)
        if node.start > below and not said.startswith((" |", self.newline)):
            self.spans += [(slot, slot, said), (below, node.end, "")]
        elif node.start > below:
            self.spans.append((below if said.startswith(self.newline) else slot, node.end, said))
        elif said.startswith(self.newline):
            self.spans += [(slot, node.end, ""), (line_end(self.text, node.end),) * 2 + (said,)]
        elif self.newline in said:
            comment = (
                ""
                if self.newline in self.text[slot : node.end]
                else self.text[node.end : line_end(self.text, node.end)]
            )
            head, _, lines = said.partition(self.newline)
            self.spans.append((slot, line_end(self.text, node.end), head + comment + self.newline + lines))
        else:
            start = node.start if node.start > slot else slot
            self.spans.append((start, node.end, said[1:] if start > slot else said))

    # --- mappings ---

    def _mapping(self, node: Node, slot: int, old: dict, new: dict, inside_flow: bool, column: int) -> None:
        flowing = inside_flow or node.flow
        removed = {key for key in _removed(old, new) if node.entry(key)}
        changed = [key for key in new if key not in removed and (key not in old or not same(old[key], new[key]))]
        added = [key for key in new if not node.entry(key) and (key in changed or key in getattr(new, "required", ()))]
        staying = [each for each in node.entries if each.key not in removed]
        if not staying or (flowing and (removed or added)):
            return self._rebuilt(node, slot, old, new, inside_flow, column, staying, added)
        for key in changed:
            if at := node.entry(key):
                self.value(at.node, at.slot, old.get(key), new[key], flowing, node.column)
        for each in node.entries:
            if each.key in removed:
                self._cut(each.start, max(each.node.end, each.slot), [other.start for other in staying])
        for key in added:
            self._insert_entry(node, staying, key, new)
        return None

    def _insert_entry(self, node: Node, staying: list[Entry], key: str, new: dict) -> None:
        """Behind the nearest entry that comes before it in `new`, or before all others."""
        order = list(new)
        said = entry(key, new[key], node.column, self.newline)
        gap = self.newline + " " * node.column
        before = [each for each in staying if each.key in order and order.index(each.key) < order.index(key)]
        if not isinstance(new, Section):
            before = staying
        if before:
            anchor = max(before, key=lambda each: each.start)
            blank = self.newline if node.column == 0 and self.newline in said else ""
            end = line_end(self.text, max(anchor.node.end, anchor.slot))
            self.spans.append((end, end, blank + gap + said))
        else:
            self.spans.append((staying[0].start, staying[0].start, said + gap))

    def _rebuilt(
        self,
        node: Node,
        slot: int,
        old: dict,
        new: dict,
        inside_flow: bool,
        column: int,
        staying: list[Entry],
        added: list[str],
    ) -> None:
        """A mapping in braces of which entries come or go; or one of which nothing stays."""
        if not staying or not (inside_flow or node.flow):
            return self._replace(node, slot, new, inside_flow, column)
        parts = []
        for each in staying:
            if each.key in new and each is node.entry(each.key):
                self.value(each.node, each.slot, old.get(each.key), new[each.key], True, node.column)
            parts.append(self._taken(each.start, max(each.node.end, each.slot)))
        parts += [f"{scalar(key)}: {flow(new[key])}" for key in added]
        return self.spans.append((node.start, node.end, self._joined(node, parts, "{}")))

    # --- lists ---

    def _list(self, node: Node, slot: int, old: list, new: list, inside_flow: bool, column: int) -> None:
        items = [index for index, item in enumerate(node.items) if id(item) not in self.gone]
        if len(items) != len(old):
            return self._replace(node, slot, new, inside_flow, column)
        pairs = _pairs(old, new)
        stay = {items[i] for i, _ in pairs if i is not None} - {
            items[i] for i, j in pairs if j is None and i is not None
        }
        staying = sorted(stay | ({*range(len(node.items))} - {*items}))
        if node.flow or inside_flow or not staying:
            return self._rebuilt_list(node, slot, pairs, items, old, new, inside_flow, column)
        anchor: int | None = None
        starts = [node.slots[index] - 1 for index in staying]
        for i, j in pairs:
            if j is None and i is not None:
                at = items[i]
                self._cut(node.slots[at] - 1, max(node.items[at].end, node.slots[at]), starts)
            elif i is None and j is not None:
                self._insert_item(node, anchor, staying, new[j])
            elif i is not None and j is not None:
                anchor = items[i]
                self.value(node.items[anchor], node.slots[anchor], old[i], new[j], False, node.column)
        return None

    def _insert_item(self, node: Node, anchor: int | None, staying: list[int], item: Any) -> None:
        said = "-" + after_dash(item, node.column, self.newline)
        gap = self.newline + " " * node.column
        if anchor is None:
            first = node.slots[staying[0]] - 1
            self.spans.append((first, first, said + gap))
        else:
            end = line_end(self.text, max(node.items[anchor].end, node.slots[anchor]))
            self.spans.append((end, end, gap + said))

    def _rebuilt_list(
        self,
        node: Node,
        slot: int,
        pairs: list[tuple[int | None, int | None]],
        items: list[int],
        old: list,
        new: list,
        inside_flow: bool,
        column: int,
    ) -> None:
        """A list in brackets, or one of which nothing stays."""
        if not node.flow:
            return self._replace(node, slot, new, inside_flow, column)
        parts = [self.text[item.start : item.end] for item in node.items if id(item) in self.gone]
        for i, j in pairs:
            if i is not None and j is not None:
                item, at = node.items[items[i]], node.slots[items[i]]
                self.value(item, at, old[i], new[j], True, node.column)
                parts.append(self._taken(item.start, item.end))
            elif j is not None:
                parts.append(flow(new[j]))
        return self.spans.append((node.start, node.end, self._joined(node, parts, "[]")))

    # --- spans ---

    def _taken(self, start: int, end: int) -> str:
        """What text[start:end] has become; its changes are taken out of the list."""
        said = self.applied(start, end)
        self.spans = [span for span in self.spans if not (start <= span[0] and span[1] <= end)]
        return said

    def _joined(self, node: Node, parts: list[str], signs: str) -> str:
        several = self.newline in self.text[node.start : node.end]
        between = "," + self.newline + " " * (node.column + 1) if several else ", "
        return signs[0] + between.join(parts) + signs[1]

    def _cut(self, start: int, end: int, staying: list[int]) -> None:
        """Takes out an entry or item with its lines; one that shares the line of a dash, up to the next that stays."""
        if any(before <= start < after for before, after, _ in self.spans):
            return
        begin = line_start(self.text, start)
        if self.text[begin:start].strip(" \ufeff") == "" and "\ufeff" not in self.text[begin:start]:
            finish = line_end(self.text, end)
            line_break = 2 if self.text[finish : finish + 2] == "\r\n" else 1
            self.spans.append((begin, min(finish + line_break, len(self.text)), ""))
        else:
            following = [other for other in staying if other > start]
            self.spans.append((start, min(following), ""))


def _removed(old: dict, new: dict) -> set[str]:
    """Keys that go: of free mappings those that are missing, of sections those that have become nothing."""
    if isinstance(new, Section):
        return {key for key, value in new.items() if value is None and old.get(key) is not None}
    return old.keys() - new.keys()


def _pairs(old: list, new: list) -> list[tuple[int | None, int | None]]:
    """Which old item becomes which new one; (i, None) goes and (None, j) comes, in the order of the new list."""
    pairs: list[tuple[int | None, int | None]] = []
    matcher = SequenceMatcher(
        None, [_identity(item) for item in old], [_identity(item) for item in new], autojunk=False
    )
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        both = min(i_end - i, j_end - j)
        pairs += [(i + k, j + k) for k in range(both)]
        pairs += [(k, None) for k in range(i + both, i_end)]
        pairs += [(None, k) for k in range(j + both, j_end)]
    return pairs


def _identity(item: Any) -> str:
    """What makes an item the same one before and after: its id, else its value."""
    if isinstance(item, Section) and "id" in item:
        return str(item["id"])
    return json.dumps(item, default=repr, sort_keys=True)
