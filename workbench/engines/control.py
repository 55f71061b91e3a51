"""Control: live commands on their way to a run (pause, speed, break, cancel, stop)."""

from queue import Empty, SimpleQueue
from typing import Any

Command = dict[str, Any]


class Control:
    """A queue of commands; the engine polls it, whoever has the user's ear puts into it."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Command] = SimpleQueue()

    def put(self, command: Command) -> None:
        self._queue.put(command)

    def poll(self) -> list[Command]:
        """All commands that have come since the last call."""
        commands = []
        while True:
            try:
                commands.append(self._queue.get_nowait())
            except Empty:
                return commands
