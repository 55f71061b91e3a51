"""What a field of a model is, as a form needs to know it; read from the model's JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from workbench.gui import words

LONG_TEXTS = ("description", "query")
PATHS = ("file", "trace")


@dataclass(frozen=True)
class Spec:
    """One field.

    `of` names its model. `sort` is flag, whole, number, quantity, choice, text, long-text, path, list or other (a value
    that has no editor of its own). `items` is the sort of a list's items, `dimension` that of a quantity, `optional`
    allows no value.
    """

    name: str
    sort: str
    of: str = ""
    default: Any = None
    optional: bool = False
    choices: tuple[str, ...] = ()
    dimension: str = ""
    items: str = "text"
    least: float | None = None
    most: float | None = None
    english: str = ""
    japanese: str = ""

    @property
    def label(self) -> str:
        """The name of the field for people, in the language of the window."""
        key = self._key("field")
        return words.say(key) if key else self.name.replace("_", " ").capitalize()

    @property
    def help(self) -> str:
        """What the field means."""
        key = "" if self.japanese else self._key("help")
        return words.say(key) if key else words.choose(self.english, self.japanese or self.english)

    def _key(self, about: str) -> str:
        """The key of the catalogue for this field of this model, or for fields of this name; empty if there is none."""
        keys = (f"{about}.{self.of}.{self.name}", f"{about}.{self.name}")
        return next((key for key in keys if key in words.catalogue()), "")


def specs(model: type[BaseModel]) -> tuple[Spec, ...]:
    """The fields of a model in their order, under the names that a document uses."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    found = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        default = field.get_default(call_default_factory=True) if not field.is_required() else None
        found.append(_spec(model, key, schema["properties"][key], definitions, default))
    return tuple(found)


def _spec(model: type[BaseModel], name: str, entry: dict[str, Any], definitions: dict[str, Any], default: Any) -> Spec:
    kind, optional = _without_null(entry, definitions)
    sort = _sort(name, kind)
    items, _ = _without_null(kind.get("items", {}), definitions)
    return Spec(
        name=name,
        of=model.__name__,
        sort=sort,
        default=default,
        optional=optional,
        choices=tuple(str(one) for one in kind.get("enum", ())),
        dimension=kind.get("x-dimension", ""),
        items=_sort("", items) if items else "text",
        least=kind.get("minimum", kind.get("exclusiveMinimum")),
        most=kind.get("maximum", kind.get("exclusiveMaximum")),
        english=entry.get("description", ""),
        japanese=entry.get("ja", ""),
    )


def _without_null(entry: dict[str, Any], definitions: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema with references followed and `or nothing` taken off, and whether that stood there."""
    if "$ref" in entry:
        return {
            **definitions[entry["$ref"].rsplit("/", 1)[1]],
            **{k: v for k, v in entry.items() if k != "$ref"},
        }, False
    if "anyOf" not in entry or "x-dimension" in entry:
        return entry, False
    others = [one for one in entry["anyOf"] if one.get("type") != "null"]
    optional = len(others) < len(entry["anyOf"])
    return (_without_null(others[0], definitions)[0] if len(others) == 1 else entry), optional


def _sort(name: str, kind: dict[str, Any]) -> str:
    if "x-dimension" in kind:
        return "quantity"
    if "enum" in kind:
        return "choice"
    if kind.get("type") == "array":
        inner = kind.get("items", {})
        return "list" if inner.get("type") in ("string", "integer", "number") else "other"
    if kind.get("type") == "string":
        return "path" if name in PATHS else "long-text" if name in LONG_TEXTS else "text"
    return {"boolean": "flag", "integer": "whole", "number": "number"}.get(kind.get("type", ""), "other")
