"""How a scenario is written: plain data with quantities as text, and that data as YAML."""

from __future__ import annotations

import re
from typing import Any, get_args

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from workbench.document.nodes import resolved
from workbench.document.scenario import Frozen, Link, Position
from workbench.document.units import DIMENSIONS, show

SHORT = 60  # a list of words up to this length is written on one line


class Section(dict[str, Any]):
    """A model as plain data, with every field; `brief` are the keys worth writing: required, or not the default."""

    def __init__(self, fields: dict[str, Any], brief: set[str], required: set[str], inline: bool) -> None:
        super().__init__(fields)
        self.brief, self.required, self.inline = brief, required, inline


def written(value: Any) -> Any:
    """A model, or a value in one, as plain data that YAML can hold."""
    if isinstance(value, Link):
        return value.model_dump()
    if isinstance(value, Frozen):
        return _section(value)
    if isinstance(value, tuple | list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    return value


def dimension(field: FieldInfo) -> str | None:
    """The dimension of a quantity, a key of `units.DIMENSIONS`; None for a field that is no quantity."""
    marks = [*field.metadata, *(mark for part in get_args(field.annotation) for mark in get_args(part)[1:])]
    for mark in marks:
        if isinstance(mark, WithJsonSchema) and mark.json_schema and "x-dimension" in mark.json_schema:
            return mark.json_schema["x-dimension"]
    return None


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal, with 1, 1.0 and true told apart."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def _section(model: Frozen) -> Section:
    fields, brief, required = {}, set(), set()
    for name, field in type(model).model_fields.items():
        key, value = field.alias or name, getattr(model, name)
        of = dimension(field)
        if isinstance(value, float):
            fields[key] = show(value, DIMENSIONS[of][0]) if of else tidy(value)
        else:
            fields[key] = written(value)
        if field.is_required() or name == "format":
            required.add(key)
        if key in required or value != field.get_default(call_default_factory=True):
            brief.add(key)
    return Section(fields, brief, required, isinstance(model, Position))


def tidy(value: float) -> int | float:
    """Without `.0`."""
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


# --- as YAML ---------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[\w/.(][^\x00-\x1f\x7f,\[\]{}\"'#:&*!|`@\\?]*|[\w/.(][\w .*<>=+/()~%^-]*")
# Text to us, but a truth value or a date to readers of YAML 1.1.
_ELSEWHERE = re.compile(r"(?i:yes|no|on|off)|[0-9]{4}-[0-9].*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def flow(value: Any) -> str:
    """The value on one line, in brackets and braces."""
    value = _brief(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """A scalar on one line, quoted only where it has to be."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(repr(value), repr(value))
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} cannot be written in a scenario: {value!r}")
    plain = _PLAIN.fullmatch(value) and value.isprintable() and value == value.strip() and value[:3] != "..."
    mistaken = not isinstance(resolved(value), str) or _ELSEWHERE.fullmatch(value)
    return value if plain and not mistaken else _quoted(value)


def entry(key: str, value: Any, indent: int, newline: str = "\n") -> str:
    """`key: value` in block style, without indentation before the key; `indent` is the column of the key."""
    return f"{scalar(key)}:{after_colon(value, indent, newline)}"


def after_colon(value: Any, indent: int, newline: str = "\n") -> str:
    """What stands behind `key:`, beginning with a blank or a line break."""
    if is_inline(value):
        return " " + inline(value, indent, newline)
    return newline + " " * (indent + 2) + block(value, indent + 2, newline)


def is_inline(value: Any) -> bool:
    """Whether the value begins on the line of its key."""
    value = _brief(value) if not getattr(value, "inline", False) else {}
    if isinstance(value, dict):
        return not value
    if isinstance(value, list):
        short = all(isinstance(item, int | float) or (isinstance(item, str) and " " not in item) for item in value)
        return not value or (short and sum(len(scalar(item)) + 2 for item in value) <= SHORT)
    return True


def inline(value: Any, indent: int, newline: str = "\n") -> str:
    """A value that begins on the line of its key; text of several lines goes on below, deeper than `indent`."""
    if not isinstance(value, str) or not _is_block_text(value):
        return flow(value)
    lines = value.removesuffix("\n").split("\n")
    head = "|" if value.endswith("\n") else "|-"
    return newline.join([head, *(" " * (indent + 2) + line if line else "" for line in lines)])


def block(value: Any, indent: int, newline: str = "\n") -> str:
    """A mapping or list over several lines; the first line comes without its indentation of `indent`."""
    value = _brief(value)
    gap = newline + " " * indent
    if isinstance(value, dict):
        return gap.join(entry(key, item, indent, newline) for key, item in value.items())
    return gap.join("-" + after_dash(each, indent, newline) for each in value)


def after_dash(value: Any, indent: int, newline: str = "\n") -> str:
    """What stands behind the dash of a list item; `indent` is the column of the dash."""
    if is_inline(value) or isinstance(value, list):
        return " " + inline(value, indent, newline)
    return " " + block(value, indent + 2, newline)


def _brief(value: Any) -> Any:
    return {key: value[key] for key in value if key in value.brief} if isinstance(value, Section) else value


def _is_block_text(value: str) -> bool:
    lines = value.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and lines[0] != ""
        and lines[-1] != ""
        and not lines[0].startswith((" ", "\t"))
        and all(line == "" or (line.strip() != "" and line.replace("\t", "").isprintable()) for line in lines)
    )


def _quoted(value: str) -> str:
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in value) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
