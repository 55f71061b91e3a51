"""What pydantic refuses, in our own words and places; and the largest part of a document that it accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workbench.document.places import place_of
from workbench.document.problems import Problem, Refused, nearest
from workbench.document.scenario import Scenario
from workbench.document.written import tidy

Path = tuple[str | int, ...]

_WANTED = {
    "string_type": "want-text",
    "float_type": "want-number",
    "float_parsing": "want-number",
    "int_type": "want-whole",
    "int_parsing": "want-whole",
    "int_parsing_size": "want-whole",
    "int_from_float": "want-whole",
    "bool_type": "want-yes-no",
    "bool_parsing": "want-yes-no",
    "list_type": "want-list",
    "tuple_type": "want-list",
    "set_type": "want-list",
    "dict_type": "want-mapping",
    "model_type": "want-mapping",
    "model_attributes_type": "want-mapping",
}
_LIMITS = {
    "greater_than": ("not-above", "gt"),
    "greater_than_equal": ("too-small", "ge"),
    "less_than": ("not-below", "lt"),
    "less_than_equal": ("too-large", "le"),
}
_LENGTHS = {
    "string_too_long": ("too-long", "max_length"),
    "too_long": ("too-long", "max_length"),
    "string_too_short": ("too-short", "min_length"),
    "too_short": ("too-short", "min_length"),
}


def problems_of(error: ValidationError, data: Any, model: type[BaseModel], place: str = "") -> list[Problem]:
    """The problems that `error` tells about `data`, the plain data that `model` was made from.

    `place` is where the data lies in the document, such as `pipeline.stages[train].with`.
    """
    return [_problem(detail, path, data, model, place) for detail, path in _meant(error, data)]


def salvage(data: dict[str, Any]) -> tuple[Scenario, list[tuple[Problem, Path]], set[Path]]:
    """The scenario that is left when what does not validate is taken out.

    With it come all problems, each with its path, and the paths of what was taken out, both as in `data`.
    """
    data = _without_nulls(data)
    gone: set[Path] = set()
    problems: list[tuple[Problem, Path]] = []
    while True:
        kept = _without(data, gone, ())
        try:
            return Scenario.model_validate(kept, by_alias=True, by_name=False), problems, gone
        except ValidationError as error:
            meant = list(_meant(error, kept))
            if not gone:
                problems = [(_problem(detail, path, data, Scenario, ""), path) for detail, path in meant]
            numbers: dict[Path, list[int]] = {}
            gone |= {_taken_out(detail, _original(path, data, gone, numbers)) for detail, path in meant}


def _meant(error: ValidationError, data: Any) -> Iterator[tuple[ErrorDetails, Path]]:
    """Each error with its path in the data; of a choice between text and figures only what was meant."""
    for detail in error.errors(include_url=False):
        path: list[str | int] = []
        here, beside = data, False
        for part in detail["loc"]:
            known = isinstance(here, dict) and part in here if isinstance(part, str) else isinstance(here, list)
            if known:
                here = here[part]
                path.append(part)
            elif isinstance(here, dict) and part == detail["loc"][-1] and detail["type"] == "missing":
                path.append(part)
            elif part == "str" and isinstance(here, dict):
                beside = True  # figures were given, so that no text was meant
            elif isinstance(part, str) and part[:1].isupper() and not isinstance(here, dict):
                beside = True  # and the other way round
        if not beside:
            yield detail, tuple(path)


def _problem(detail: ErrorDetails, path: Path, data: Any, model: type[BaseModel], place: str) -> Problem:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    where = place_of(path, data, place)
    if kind == "missing":
        return Problem("missing", place_of(path[:-1], data, place), {"key": path[-1]})
    if kind == "extra_forbidden":
        key = str(path[-1])
        return Problem("unknown-key", where, {"key": key, "nearest": nearest(key, _keys(model, path[:-1]))})
    if isinstance(context.get("error"), Refused):
        return Problem(context["error"].code, where, context["error"].values)
    if kind in _WANTED:
        return Problem(_WANTED[kind], where, {"found": found(value)})
    if kind in _LIMITS:
        code, name = _LIMITS[kind]
        return Problem(code, where, {"value": _figure(value), "limit": _figure(context[name])})
    if kind in _LENGTHS:
        code, name = _LENGTHS[kind]
        return Problem(code, where, {"limit": context[name], "length": len(value)})
    return _other(kind, value, context, where, str(detail["msg"]))


def _other(kind: str, value: Any, context: dict[str, Any], where: str, message: str) -> Problem:
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"]) or context["expected"].split(" or ")
        values = {"value": value, "known": ", ".join(known), "nearest": nearest(str(value), known)}
        return Problem("not-one-of", where, values)
    if kind == "string_pattern_mismatch":
        named = context["pattern"].startswith("^[A-Za-z][A-Za-z0-9_-]*$")
        linked = "\\." in context["pattern"]
        code = "bad-name" if named else "bad-link" if linked else "bad-pattern"
        return Problem(code, where, {"value": value, "pattern": context["pattern"]})
    if kind == "finite_number":
        return Problem("not-finite", where)
    detail = context["error"] if kind in ("value_error", "assertion_error") else message
    return Problem("refused", where, {"detail": str(detail)})


def _figure(value: Any) -> Any:
    return tidy(value) if isinstance(value, float) else value


def found(value: Any) -> str:
    """What stands there instead, as the code of a word in the catalogue, or the value itself."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            return f"'{value}'" if len(value) <= 40 else "text"
        case list() | tuple():
            return "list"
        case _:
            return "mapping"


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that a mapping at this path of a document may have."""
    at: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and at is not None:
            annotation = next((f.annotation for name, f in at.model_fields.items() if (f.alias or name) == part), None)
            at = next(_models(annotation), None)
    return [field.alias or name for name, field in at.model_fields.items()] if at else []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


# --- taking out what does not validate ---------------------------------------------------------------------------


def _without_nulls(data: Any) -> Any:
    """A copy in which keys without a value are absent, as if they were commented out; parameters keep theirs."""
    if isinstance(data, dict):
        return {
            key: value if key == "with" else _without_nulls(value) for key, value in data.items() if value is not None
        }
    if isinstance(data, list):
        return [_without_nulls(item) for item in data]
    return data


def _without(data: Any, gone: set[Path], path: Path) -> Any:
    if isinstance(data, dict):
        return {k: _without(v, gone, (*path, k)) for k, v in data.items() if (*path, k) not in gone}
    if isinstance(data, list):
        return [_without(v, gone, (*path, i)) for i, v in enumerate(data) if (*path, i) not in gone]
    return data


def _original(path: Path, data: Any, gone: set[Path], numbers: dict[Path, list[int]]) -> Path:
    """The path before anything was taken out; `numbers` keeps, for each list, those of the items that were left."""
    original: Path = ()
    for part in path:
        if isinstance(part, int):
            if original not in numbers:
                numbers[original] = [i for i in range(len(data)) if (*original, i) not in gone]
            part = numbers[original][part]
            data = data[part]
        else:
            data = data.get(part)
        original = (*original, part)
    return original


def _taken_out(detail: ErrorDetails, path: Path) -> Path:
    """What has to go: the value itself, or what lacks something that it must have."""
    return path[:-1] if detail["type"] == "missing" else path
