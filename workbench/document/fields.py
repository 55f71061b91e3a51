"""Fields of a scenario by their paths: the edits that forms make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from workbench.document.problems import Refused
from workbench.document.scenario import Scenario
from workbench.document.validation import problems_of
from workbench.document.written import written

FieldPath = str | Sequence[str | int]


def set_field(scenario: Scenario, path: FieldPath, value: Any) -> Scenario:
    """With the field at a path at this value, which is validated there; Refused (a ValueError) if it does not fit.

    Paths are like "cluster.network.bandwidth" or ("architectures", 0, "training", "with", "workers"). Behind `with`
    and in `layout` a value of None takes the key out.
    """
    changed = _set(scenario, _parts(path), value)
    assert isinstance(changed, Scenario)
    return changed


def add_item(scenario: Scenario, path: FieldPath, item: Any) -> Scenario:
    """With one more item at the end of the list at a path, such as a fault, an architecture or an expectation."""
    return set_field(scenario, path, (*get_field(scenario, path), item))


def remove_item(scenario: Scenario, path: FieldPath, index: int) -> Scenario:
    """Without the item of that number of the list at a path."""
    items = get_field(scenario, path)
    return set_field(scenario, path, (*items[:index], *items[index + 1 :]))


def get_field(scenario: Scenario, path: FieldPath) -> Any:
    """The value at a path, as for `set_field`; None for a key that a free mapping does not have."""
    value: Any = scenario
    for part in _parts(path):
        if isinstance(value, BaseModel):
            value = getattr(value, _attribute(value, str(part)))
        else:
            value = value[part] if isinstance(part, int) else value.get(part)
    return value


def _parts(path: FieldPath) -> list[str | int]:
    return list(path.split(".") if isinstance(path, str) else path)


def _set(here: Any, path: list[str | int], value: Any) -> Any:
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(here, BaseModel):
        name = _attribute(here, str(part))
        fields = {other: getattr(here, other) for other in type(here).model_fields}
        changed = fields | {name: _set(fields[name], rest, value)}
        try:
            return type(here).model_validate(changed)
        except ValidationError as error:
            problem = problems_of(error, {part: changed[name]}, type(here))[0]
            raise Refused(problem.code, **problem.values) from error
    if isinstance(here, tuple | list):
        assert isinstance(part, int)
        return (*here[:part], _set(here[part], rest, value), *here[part + 1 :])
    if not rest and value is None:
        return {key: other for key, other in here.items() if key != part}
    return here | {part: written(_set(here.get(part, {}), rest, value))}


def _attribute(model: BaseModel, key: str) -> str:
    """The name of the field that is written as `key`."""
    return next(name for name, field in type(model).model_fields.items() if key in (name, field.alias))
