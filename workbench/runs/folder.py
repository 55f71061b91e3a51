"""The run folder: one writer that appends events, and any number of readers that follow from the start.

scenario.yaml   as it was run          commands.jsonl   live commands, with the time at which each took effect
events.jsonl    a format line first    log.txt          what no program needs to read
machine.json    who carried it out     artifacts/       values, named by the SHA-256 of their content
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from workbench.runs import machine
from workbench.runs.events import FORMAT, Event, RunFinished, decode, encode_all
from workbench.runs.lock import WriterLock, is_held

KIND = "workbench run"
FLUSH_EVERY_S = 0.05

SCENARIO, EVENTS, COMMANDS = "scenario.yaml", "events.jsonl", "commands.jsonl"
MACHINE, LOG, LOCK, ARTIFACTS = "machine.json", "log.txt", "writer.lock", "artifacts"


class RunWriter:
    """The one writer of a run folder; a context manager.

    `scenario_text` is the scenario as it is run; `about` joins what is known of the machine, for whoever resumes the
    run: its engine, its combination, and the folder in which the scenario lies. Events are buffered; they reach the
    file when 50 ms have passed at a `write`, and at every `flush`, which a caller that may be silent for longer calls
    itself.
    FileExistsError if the folder holds a run already.
    """

    def __init__(self, path: Path, scenario_text: str = "", about: dict[str, str] | None = None):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(self.path / LOCK)
        if (self.path / EVENTS).exists():
            self._lock.release()
            raise FileExistsError(f"{self.path} holds a run already")
        (self.path / ARTIFACTS).mkdir(exist_ok=True)
        _write_whole(self.path / SCENARIO, scenario_text)
        _write_whole(self.path / MACHINE, _as_json((about or {}) | machine.describe()))
        self._begin()

    @classmethod
    def resumed(cls, path: Path) -> RunWriter:
        """The writer of a run that was broken off: it goes on behind the last whole line.

        ValueError if the run has ended, or had not even begun; BlockingIOError if it is still being written.
        """
        writer = cls.__new__(cls)
        writer.path = Path(path)
        if not (writer.path / MACHINE).exists():
            raise ValueError(f"{path} holds no run that could be resumed")
        writer._lock = WriterLock(writer.path / LOCK)
        try:
            reader = RunReader(writer.path)
            reader.read_new()
            if reader.finished:
                raise ValueError(f"{path} holds a run that has ended; only one that was broken off can be resumed")
            about = reader.machine()
            again = [*about.get("resumed", []), machine.describe()]
            _write_whole(writer.path / MACHINE, _as_json(about | {"resumed": again}))
            (writer.path / ARTIFACTS).mkdir(exist_ok=True)
            if (writer.path / EVENTS).exists():
                os.truncate(writer.path / EVENTS, reader.whole_bytes)
            writer._begin()
        except BaseException:
            writer._lock.release()
            raise
        return writer

    def _begin(self) -> None:
        # last, because readers take a folder for a run as soon as it has this file
        self._events = open(self.path / EVENTS, "ab", buffering=0)  # noqa: SIM115 - closed by close()
        self._waiting: list[Event] = []
        self._flushed_at = time.monotonic()
        if not self._events.tell():
            self._events.write(msgspec.json.encode({"format": FORMAT, "kind": KIND}) + b"\n")

    def write(self, event: Event) -> None:
        self._waiting.append(event)
        if time.monotonic() - self._flushed_at >= FLUSH_EVERY_S:
            self.flush()

    def write_all(self, events: list[Event]) -> None:
        self._waiting += events
        if time.monotonic() - self._flushed_at >= FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Hand what waits to the system, so that readers see it and a crash of this process cannot lose it."""
        if self._waiting:
            waiting = memoryview(encode_all(self._waiting))  # many at once cost a tenth of what each alone does
            while waiting:
                waiting = waiting[self._events.write(waiting) :]
            self._waiting.clear()
        self._flushed_at = time.monotonic()

    def command(self, t_s: float, command: dict[str, Any]) -> None:
        """A live command, with the time of the run at which it took effect."""
        self._append(COMMANDS, json.dumps({"t_s": t_s, **command}, ensure_ascii=False))

    def log(self, text: str) -> None:
        self._append(LOG, text.rstrip("\n"))

    def _append(self, name: str, line: str) -> None:
        with open(self.path / name, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def store_bytes(self, data: bytes) -> str:
        return store_bytes(self.path, data)

    def artifact_path(self, digest: str) -> Path:
        return artifact_path(self.path, digest)

    def close(self) -> None:
        self.flush()
        self._events.close()
        self._lock.release()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RunReader:
    """Follows a run folder from its start, whether the run is old, live or still to begin.

    ValueError if the folder was written in a newer format, or holds a whole line that is no event.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self.finished = False  # whether the run's end has been read
        self._offset = 0
        self._line = 0

    def read_new(self, most_bytes: int = -1) -> list[Event]:
        """The events that were written since the last call; a torn last line waits for its rest."""
        lines = self._whole_lines(most_bytes)
        events: list[Event] = []
        for line in lines:
            self._line += 1
            if self._line == 1:
                self._check_format(line)
            else:
                events.append(self._decode(line))
        self._offset += sum(len(line) + 1 for line in lines)
        self.finished = self.finished or (bool(events) and isinstance(events[-1], RunFinished))
        return events

    @property
    def whole_bytes(self) -> int:
        """How many bytes the lines take that were read."""
        return self._offset

    @property
    def broken_off(self) -> bool:
        """Whether the run ended without saying so: no end was written, all is read, and its writer is gone."""
        if self.finished or is_held(self.path / LOCK):
            return False
        return not self._whole_lines()

    def scenario_text(self) -> str:
        return (self.path / SCENARIO).read_text(encoding="utf-8")

    def machine(self) -> dict[str, Any]:
        return json.loads((self.path / MACHINE).read_text(encoding="utf-8"))

    def commands(self) -> list[dict[str, Any]]:
        """The live commands that the run was given, in order."""
        path = self.path / COMMANDS
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def artifact_path(self, digest: str) -> Path:
        return artifact_path(self.path, digest)

    def _whole_lines(self, most_bytes: int = -1) -> list[bytes]:
        try:
            with open(self.path / EVENTS, "rb") as file:
                file.seek(self._offset)
                data = file.read(most_bytes)
                if most_bytes > 0 and len(data) == most_bytes and not data.endswith(b"\n"):
                    data += file.readline()
        except FileNotFoundError:
            return []
        return data.split(b"\n")[:-1]

    def _check_format(self, line: bytes) -> None:
        head = json.loads(line)
        if head.get("kind") != KIND:
            raise ValueError(f"{self.path / EVENTS} is not the event file of a run")
        if head["format"] > FORMAT:
            raise ValueError(f"{self.path} was written in format {head['format']}; this version reads up to {FORMAT}")

    def _decode(self, line: bytes) -> Event:
        try:
            return decode(line)
        except msgspec.DecodeError as error:
            raise ValueError(f"{self.path / EVENTS}, line {self._line}: {error}") from error


def _as_json(about: dict[str, Any]) -> str:
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"


def _write_whole(path: Path, text: str) -> None:
    """The file appears, or is replaced, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def read_run(path: Path) -> list[Event]:
    """Every event that a run has written so far."""
    return RunReader(path).read_new()


def runs_in(folder: Path) -> list[Path]:
    """The run folders of a study folder in the order in which they began; a run folder's only run is itself."""
    folder = Path(folder)
    if (folder / EVENTS).exists():
        return [folder]
    return sorted((events.parent for events in folder.glob(f"*/{EVENTS}")), key=_began)


def _began(run: Path) -> tuple[str, str]:
    return json.loads((run / MACHINE).read_text(encoding="utf-8"))["began"], run.name


def store_bytes(run: Path, data: bytes) -> str:
    """Keep `data` in the run at `run`, from any process; answers its SHA-256. Equal data is kept once."""
    digest = hashlib.sha256(data).hexdigest()
    path = artifact_path(run, digest)
    if path.exists():
        return digest
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    with open(handle, "wb") as file:
        file.write(data)
    os.replace(partial, path)
    return digest


def store_file(run: Path, partial: Path) -> str:
    """The same for what lies in a file of the run's artifacts, which takes its place."""
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    os.replace(partial, artifact_path(run, digest))
    return digest


def artifact_path(run: Path, digest: str) -> Path:
    """Where the artifact with this SHA-256 lies in the run at `run`."""
    return run / ARTIFACTS / digest
