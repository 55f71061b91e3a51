"""Quantities: numbers that a user writes with a unit and that the program holds in SI units."""

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from workbench.document.problems import Refused, nearest

DECIMAL = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}

SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {p + "B": f for p, f in (DECIMAL | BINARY).items()}
BYTES_PER_S = {f"{p}bit/s": f / 8 for p, f in DECIMAL.items()} | {f"{p}B/s": f for p, f in (DECIMAL | BINARY).items()}
OPERATIONS = {p + "op": f for p, f in DECIMAL.items()} | {p + "flop": f for p, f in DECIMAL.items()}
OPERATIONS_PER_S = {unit + "/s": f for unit, f in OPERATIONS.items()}
PER_S = {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/d": 1 / 86400}

_NUMBER = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*(.*?)\s*")


def parse(value: Any, units: dict[str, float], example: str) -> float:
    """The SI value of a number or of text such as `25 Gbit/s`; Refused (a ValueError) says what would be right."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused("no-quantity", value=value, example=example)
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        if not match:
            raise Refused("no-quantity", value=value, example=example)
        number, unit = float(match[1]), match[2]
        if unit and unit not in units:
            raise Refused("unknown-unit", unit=unit, known=", ".join(units), nearest=nearest(unit, units))
        factor = units[unit] if unit else 1.0
    else:
        number, factor = float(value), 1.0
    si = _si(number, factor)
    if not math.isfinite(si):
        raise Refused("endless-quantity", example=example)
    if number < 0:
        raise Refused("negative-quantity", example=example)
    return si


def _si(number: float, factor: float) -> float:
    """50 us must be the float 50e-6; multiplying by 1e-6 would miss it in the last place."""
    return number * factor if factor >= 1 else number / round(1 / factor)


def show(value: float, units: dict[str, float]) -> str:
    """The shortest text in `units` that parses back to exactly `value`, with a number of at least 1."""
    shown = []
    for unit, factor in units.items():
        number = f"{value / factor:.12g}"
        if value >= factor and unit.isascii() and _si(float(number), factor) == value:
            shown.append((len(number), -factor, f"{number} {unit}"))
    base = next(unit for unit, factor in units.items() if factor == 1.0 and unit)
    return min(shown)[2] if shown else f"{int(value) if value.is_integer() else value!r} {base}"


def _quantity(units: dict[str, float], example: str, dimension: str) -> Any:
    schema = {
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
        "examples": [example],
        "x-dimension": dimension,
    }
    return Annotated[float, BeforeValidator(lambda v: parse(v, units, example)), WithJsonSchema(schema)]


DIMENSIONS = {
    "seconds": (SECONDS, "10 ms"),
    "bytes": (BYTES, "16 GB"),
    "bytes_per_s": (BYTES_PER_S, "25 Gbit/s"),
    "operations": (OPERATIONS, "2 Gop"),
    "operations_per_s": (OPERATIONS_PER_S, "10 Gflop/s"),
    "per_s": (PER_S, "5 /s"),
}

SHARES = {"%": 0.01}
Share = Annotated[
    float,
    BeforeValidator(lambda v: parse(v, SHARES, "95 %")),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}], "examples": ["95 %"]}
    ),
]
Seconds = _quantity(*DIMENSIONS["seconds"], "seconds")
Bytes = _quantity(*DIMENSIONS["bytes"], "bytes")
BytesPerS = _quantity(*DIMENSIONS["bytes_per_s"], "bytes_per_s")
Operations = _quantity(*DIMENSIONS["operations"], "operations")
OperationsPerS = _quantity(*DIMENSIONS["operations_per_s"], "operations_per_s")
PerS = _quantity(*DIMENSIONS["per_s"], "per_s")
