"""The watchdog: hearts tell what their members wait in; from that follows who is silent, and who is deadlocked."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from workbench.engines.real.post import Post


class Activity(NamedTuple):
    """What a member waits in: the operation's label, for whom (nobody named: for any), and since when."""

    label: str
    whom: tuple[str, ...]
    since_s: float
    kind: str  # "" at work; send, receive, timed receive, rest, collective, storage


_WAITS = ("receive", "send", "collective", "storage")
IDLE = Activity("", (), 0.0, "")


class Heart(threading.Thread):
    """Tells the supervisor at every beat that its member is alive, and what it waits in."""

    def __init__(self, activities: Callable[[], list[Activity]], post: Post, beat_s: float):
        super().__init__(name="heart", daemon=True)
        self._activities, self._post, self._beat_s = activities, post, beat_s

    def run(self) -> None:
        while not self._post.supervisor.broken:
            lanes, now_s, behind_s = self._activities(), time.monotonic(), self._post.behind_s
            since_s = [max(lane.since_s, self._post.moved_s) - behind_s for lane in lanes]
            doing = [[lane.label, lane.whom, at_s, lane.kind] for lane, at_s in zip(lanes, since_s, strict=True)]
            self._post.tell_supervisor(kind="beat", doing=doing, at_s=now_s - behind_s)
            time.sleep(self._beat_s)
        os._exit(1)  # members do not outlive their supervisor


@dataclass(frozen=True)
class Beat:
    """The last news of a member: what its lanes did at `at_s`, each since when, without any letter coming or going.

    A rest ends by itself, but whoever rests waits for what the member's other lanes wait for.
    """

    doing: tuple[Activity, ...]
    at_s: float

    @property
    def waits(self) -> tuple[Activity, ...]:
        """What the member waits in, if all its lanes do."""
        waits = tuple(activity for activity in self.doing if activity.kind != "rest")
        return waits if all(activity.kind in _WAITS for activity in waits) else ()


class Watchdog:
    """Decides from beats alone: `silent_s` without a beat is silence, `deadlock_s` of waiting by all is deadlock."""

    def __init__(self, silent_s: float, deadlock_s: float):
        self.silent_s, self.deadlock_s = silent_s, deadlock_s
        self._beats: dict[str, Beat] = {}
        self._heard_s: dict[str, float] = {}
        self._changed_s = 0.0  # when somebody last came or went, or something else did for which members may wait

    def begin(self, member: str, now_s: float) -> None:
        """From now on the member is expected to be heard."""
        self._heard_s[member] = self._changed_s = now_s

    def hear(self, member: str, message: dict[str, Any], now_s: float) -> None:
        doing = (Activity(label, tuple(whom), since_s, kind) for label, whom, since_s, kind in message["doing"])
        self._beats[member] = Beat(tuple(doing), message["at_s"])
        self._heard_s[member] = now_s

    def forget(self, member: str, now_s: float) -> None:
        """The member has finished or is lost."""
        self._changed_s = now_s
        self._beats.pop(member, None)
        self._heard_s.pop(member, None)

    def change(self, now_s: float) -> None:
        """Something is different that members may have waited for."""
        self._changed_s = now_s

    def excuse(self, seconds: float) -> None:
        """The supervisor itself did not run for so long, and could not hear anybody."""
        self._heard_s = {member: at_s + seconds for member, at_s in self._heard_s.items()}

    def silent(self, now_s: float) -> list[str]:
        """Who has not been heard for too long."""
        return [member for member, at_s in self._heard_s.items() if now_s - at_s > self.silent_s]

    def deadlock(self) -> str:
        """Who waits for whom, if everybody has long been waiting for each other; empty if not."""
        if not self._beats or len(self._beats) < len(self._heard_s):
            return ""
        if not all(beat.waits for beat in self._beats.values()) or self._is_one_collective():
            return ""
        waits = {member: beat.waits for member, beat in self._beats.items()}
        since_s = max(self._changed_s, *(activity.since_s for doing in waits.values() for activity in doing))
        if min(beat.at_s for beat in self._beats.values()) - since_s < self.deadlock_s:
            return ""
        texts = {member: " and in ".join(activity.label for activity in doing) for member, doing in waits.items()}
        return "; ".join(f"{member} waits in {text}" for member, text in texts.items())

    def _is_one_collective(self) -> bool:
        """Whether a whole team is inside one sum, which is then under way."""
        inside: dict[str, set[str]] = {}
        for member, beat in self._beats.items():
            for activity in beat.waits:
                if activity.kind == "collective":
                    inside.setdefault(activity.label, {*activity.whom, member}).discard(member)
        return any(not missing for missing in inside.values())
