"""What one piece of a stage's work took: rows and bytes in and out, and by how much it let its process grow."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from workbench.engines.real.memory import Growth
from workbench.runs.events import WorkMeasured
from workbench.stages.values import size_of


class Took:
    """Begins with the work; `takes` its inputs and `gives` its outputs, by port."""

    def __init__(self) -> None:
        self.growth = Growth()
        self._rows = self._bytes = 0

    def takes(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Note what goes in, and hand it on."""
        self._rows, self._bytes = _measures(inputs)
        return inputs

    def gives(self, stage: str, item: str, outputs: dict[str, Any]) -> WorkMeasured:
        """The event of a piece of work that has ended."""
        rows, bytes_ = _measures(outputs)
        return WorkMeasured(
            stage=stage,
            item=item,
            rows_in=self._rows,
            rows_out=rows,
            bytes_in=self._bytes,
            bytes_out=bytes_,
            memory_bytes=int(self.growth.bytes),
        )


def _measures(values: dict[str, Any]) -> tuple[int, int]:
    """Rows (held-out ones included) and bytes of values."""
    sizes = [size_of(value) for value in values.values()]
    return sum(size.rows + size.test_rows for size in sizes), int(sum(size.bytes for size in sizes))


class _Named(io.TextIOBase):
    """A stream whose whole lines begin with what they belong to."""

    def __init__(self, name: str, to: TextIO):
        self._name, self._to, self._torn = name, to, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._torn = (self._torn + text).split("\n")
        for line in lines:
            self._to.write(f"{self._name} {line}\n")
        return len(text)

    def finish(self) -> None:
        """What was printed without an end of line is a line, too."""
        if self._torn:
            self.write("\n")


@contextlib.contextmanager
def printing_as(stage: str, item: str) -> Iterator[None]:
    """Lines that are printed meanwhile begin with stage and item."""
    name = f"[{stage}#{item}]" if item else f"[{stage}]"
    out, errors = _Named(name, sys.stdout), _Named(name, sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            yield
        finally:
            out.finish()
            errors.finish()
