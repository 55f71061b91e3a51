"""Pace: how far ahead of the others a worker of a training computes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """How many gradients each worker has begun and finished since it opened the training.

    `ahead` is the most that one had begun beyond what the slowest had finished: 1 where everybody waits for everybody.
    """

    begun: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    ahead: int = 0
    _with: Counter[int] = field(default_factory=Counter)  # how many workers have finished so many
    _least: int = 0

    def begin(self, worker: str) -> None:
        if worker not in self.begun:
            self.begun[worker] = self.done[worker] = self._least = 0
            self._with[0] += 1
        self.begun[worker] += 1
        self.ahead = max(self.ahead, self.begun[worker] - self._least)

    def finish(self, worker: str) -> None:
        done = self.done[worker]
        self.done[worker] = done + 1
        self._with[done] -= 1
        self._with[done + 1] += 1
        if done == self._least and not self._with[done]:
            self._least = done + 1

    def leave(self, worker: str) -> None:
        """The worker is lost, or opens a training anew."""
        if worker in self.begun:
            self._with[self.done.pop(worker)] -= 1
            del self.begun[worker]
            self._least = min(self.done.values(), default=0)
