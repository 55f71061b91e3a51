"""The engine as the window sees it: a process that takes requests as lines and writes run folders."""

import json
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

ENGINE = (sys.executable, "-m", "workbench", "engine")
RESTART_AFTER_MS = 500
MOST_STARTS_IN_VAIN = 3
KEPT_ERROR_LINES = 40
CLOSING_MS = 3000


class _Process(QProcess):
    """A process that can be let go: Qt ends a process whose object goes, unless it is believed to have ended."""

    def let_go(self) -> None:
        self.closeWriteChannel()
        self.setProcessState(QProcess.ProcessState.NotRunning)


class EngineClient(QObject):
    """Owns the one engine process of the window: starts it, restarts it when it dies, speaks its lines.

    A request made while the engine starts waits until it is ready. Closing ends the engine's input: an idle engine
    ends then, and one that carries out a run ends after it.
    """

    ready = Signal()
    started = Signal(str)  # run folder
    finished = Signal(str, str)  # run folder, outcome
    done = Signal(str, int)  # study folder, exit code
    problem = Signal(str)
    died = Signal(str)  # last words of the process; a run that was going on is broken off
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None, program: Sequence[str] = ENGINE) -> None:
        super().__init__(parent)
        self._program = list(program)
        self._process: _Process | None = None
        self._is_ready = False
        self._busy = False
        self._waiting: list[dict[str, Any]] = []
        self._unread = b""
        self._last_words: deque[str] = deque(maxlen=KEPT_ERROR_LINES)
        self._starts_in_vain = 0
        self._restart = QTimer(self)
        self._restart.setSingleShot(True)
        self._restart.setInterval(RESTART_AFTER_MS)
        self._restart.timeout.connect(self.start)

    @property
    def is_ready(self) -> bool:
        return self._is_ready

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way, from `run` until done, a problem with it, or the engine's death."""
        return self._busy

    @property
    def process_id(self) -> int:
        """The id of the engine's process; 0 if there is none."""
        return self._process.processId() if self._process else 0

    def start(self) -> None:
        """Have the process running; call it early, so that the first run need not wait for it."""
        if self._process is not None:
            return
        self._restart.stop()
        self._unread = b""
        self._last_words.clear()
        process = _Process(self)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        self._process = process
        process.start(self._program[0], self._program[1:])

    def run(
        self,
        scenario_path: Path,
        out_folder: Path,
        engines: Sequence[str],
        combinations: Sequence[str] = (),
        speed: float = 0,
        folder: Path | None = None,
        fresh: bool = False,
    ) -> None:
        """Ask for runs of a scenario file into a study folder.

        `engines` of simulated and real; all combinations when none is named; `speed` in simulated seconds per second,
        0 for as fast as possible; `folder` is where relative paths of the scenario start, that of its file when None;
        `fresh` if real runs are to take nothing over from earlier ones.
        RuntimeError while another request is under way.
        """
        if self._busy:
            raise RuntimeError("a run is under way; it must end before the next one is asked for")
        request: dict[str, Any] = {"run": str(scenario_path), "out": str(out_folder), "engines": list(engines)}
        request |= {"folder": str(folder)} if folder else {}
        request |= {"fresh": True} if fresh else {}
        self._set_busy(True)
        self._starts_in_vain = 0
        self._say(request | {"combinations": list(combinations), "speed": speed})

    def pause(self) -> None:
        self._say({"command": "pause"})

    def resume(self) -> None:
        self._say({"command": "resume"})

    def set_speed(self, speed: float) -> None:
        self._say({"command": "speed", "value": speed})

    def stop(self) -> None:
        self._say({"command": "stop"})

    def break_worker(self, worker: str, kind: str) -> None:
        """Strike while a run is under way; `kind` is crash, freeze or leader-crash (then `worker` is empty)."""
        self._say({"command": "break", "worker": worker, "kind": kind})

    def mend(self, worker: str, kind: str) -> None:
        """Undo a fault that lasts; `worker` is empty where it is none of a member."""
        self._say({"command": "mend", "worker": worker, "kind": kind})

    def cancel(self, stage: str) -> None:
        """Give up one stage of a real run, and what needs it."""
        self._say({"command": "cancel", "stage": stage})

    def close(self) -> None:
        """End the engine's input and wait for nothing: what runs is finished without us."""
        self._restart.stop()
        self._waiting.clear()
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        if self._busy:
            process.let_go()
        else:
            process.closeWriteChannel()
            if not process.waitForFinished(CLOSING_MS):
                process.kill()
                process.waitForFinished(CLOSING_MS)
        process.deleteLater()
        self._is_ready = False
        self._set_busy(False)

    def _say(self, message: dict[str, Any]) -> None:
        if self._process is None:
            self.start()
        if not self._is_ready:
            self._waiting.append(message)
            return
        assert self._process is not None
        self._process.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def _read(self) -> None:
        if self._process is None:
            return
        self._unread += self._process.readAllStandardOutput().data()
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            if line.strip():
                self._hear(line)

    def _hear(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:  # a stage's own print went to the engine's output
            self._last_words.append(line.decode(errors="replace"))
            return
        match message:
            case {"ready": True}:
                self._became_ready()
            case {"started": str(folder)}:
                self.started.emit(folder)
            case {"finished": str(folder), "outcome": str(outcome)}:
                self.finished.emit(folder, outcome)
            case {"done": str(folder), "exit_code": int(code)}:
                self._set_busy(False)
                self.done.emit(folder, code)
            case {"problem": str(text)}:
                self.problem.emit(text)
            case _:
                self._last_words.append(line.decode(errors="replace"))

    def _became_ready(self) -> None:
        self._is_ready = True
        self._starts_in_vain = 0
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self._say(message)
        self.ready.emit()

    def _read_errors(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            self._last_words.extend(line for line in text.splitlines() if line.strip())

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._last_words.append(self._process.errorString())
            self._gone()

    def _ended(self) -> None:
        self._read()
        self._read_errors()
        self._gone()

    def _gone(self) -> None:
        """What is to be done when the process is gone and nobody asked for it: say so, and start it again."""
        if self._process is None:
            return
        self._process.deleteLater()
        self._process = None
        was_ready, self._is_ready = self._is_ready, False
        self._starts_in_vain = 0 if was_ready else self._starts_in_vain + 1
        self._waiting.clear()
        self._set_busy(False)
        self.died.emit(self._last_words[-1] if self._last_words else "")
        if self._starts_in_vain < MOST_STARTS_IN_VAIN:
            self._restart.start()

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
