"""The watchdog: names who is silent, and who waits for whom when nobody can go on."""

from __future__ import annotations

import time

from workbench.engines.real.supervisor import Supervisor

PATIENCE_S = 10.0


class Watchdog:
    """Looks at the heartbeats of a run's members."""

    def __init__(self, supervisor: Supervisor, patience_s: float = PATIENCE_S):
        self.supervisor, self.patience_s = supervisor, patience_s

    def silent(self) -> list[str]:
        """Members whose heart has not beaten for the patience of the watchdog."""
        now = time.monotonic()
        return [
            life.name
            for life in self.supervisor.lives.values()
            if life.ready and not life.ended and now - life.beat_s > self.patience_s
        ]

    def deadlock(self) -> str:
        """Who waits for whom, when every unfinished member has waited for others all the time; "" otherwise."""
        unfinished = [life for life in self.supervisor.lives.values() if not life.ended]
        now = time.monotonic()
        heard = [life for life in unfinished if now - life.beat_s < self.patience_s / 2]  # others may be merely silent
        stuck = [life for life in heard if life.waits_in and now - life.since_s > self.patience_s]
        if not unfinished or len(stuck) < len(unfinished):
            return ""
        return "; ".join(f"{life.name} waits in {life.waits_in}" for life in stuck)
