"""What a result rests on, part by part: equal parts lead to equal results, and those that differ say why to run."""

from __future__ import annotations

import hashlib
import inspect
import json
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.document.scenario import StageUse
from workbench.stages import files
from workbench.stages.base import BadInput, Stage
from workbench.stages.check import build

Parts = dict[str, str]


def parts_of(use: StageUse, folder: Path, inputs: dict[str, Any], more: dict[str, Any]) -> Parts | None:
    """The parts of one piece of a stage's work on `inputs` (port -> digest, or several), with `more` that counts.

    None where no earlier result can stand for it, or a file that it needs is missing.
    """
    stage = build(use)
    names = stage.rests_on()
    if names is None:
        return None
    parts = {"kind": use.use, "version": f"{__version__}, Python {platform.python_version()}"}
    parts |= {f"parameter {name}": _text(value) for name, value in stage.model_dump(mode="json").items()}
    parts |= {f"input {port}": _text(value) for port, value in inputs.items()}
    parts |= {name: _text(value) for name, value in more.items()}
    try:
        contents = [files.to_read(folder, name).read_bytes() for name in names]
    except (BadInput, OSError):
        return None
    own = hashlib.sha256(_source(type(stage)))
    for content in contents if stage.runs_user_code else ():
        own.update(hashlib.sha256(content).digest())
    parts["code"] = own.hexdigest()
    for name, content in zip(names, contents, strict=True) if not stage.runs_user_code else ():
        parts[f"file {name}"] = hashlib.sha256(content).hexdigest()
    return parts


def key_of(parts: Parts) -> str:
    """The name of a result: the SHA-256 of its parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def changes(before: Parts, now: Parts) -> tuple[str, ...]:
    """The names of the parts that differ, in the order of `now`."""
    return tuple(name for name in [*now, *(before.keys() - now.keys())] if before.get(name) != now.get(name))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


@lru_cache
def _source(kind: type[Stage]) -> bytes:
    """The module in which a kind of stage is written."""
    try:
        return inspect.getsource(inspect.getmodule(kind) or kind).encode()
    except (OSError, TypeError):
        return b""
