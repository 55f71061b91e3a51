"""The supervisor: starts the members of a run, hears them, and is the only one to declare a member lost."""

from __future__ import annotations

import os
import secrets
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from workbench.engines.real import left, store
from workbench.engines.real.channels import LOOPBACK, Channel, listen
from workbench.engines.real.gathering import Gathering
from workbench.engines.real.hosts import Hosts, LocalHosts
from workbench.engines.real.links import Links
from workbench.engines.real.lives import Life, Limits
from workbench.engines.real.member import Seat
from workbench.engines.real.watchdog import Watchdog
from workbench.runs.events import Event, Warned, WorkerFailed, WorkerJoined

_REAP_S = 2.0
_SETTLED_S = 0.01  # events that are younger wait for a next round, in which older ones may have come


class Supervisor:
    """The processes of one run. `poll` does everything; nothing happens between calls.

    `factory` (`module:function`) and `arguments` make each member's program in its own process. Events, in order of
    time, go to `write`; what members print goes to `log`. The first of the `deciders`, if any are given, whose program
    ends ends the run.

    Members tell and print into files in the run's folder, where they outlive a supervisor that is killed. A run that
    is resumed has `gone_on_s` behind it: its clock goes on from there, and its members are said to be back.

    Members talk over `links` where these are shaped, else over what the machine has. They run on `hosts`, or on this
    machine if none are given; hosts end with the supervisor.

    `comes_back(member)` may be set to say after how many seconds a lost member is started again, `on_joined(member)` to
    be called when it is back, `holds_on(who waits)` whether something is to change although all wait for each other.
    """

    def __init__(
        self,
        members: Iterable[str],
        factory: str,
        arguments: dict[str, Any],
        run: Path,
        write: Callable[[Event], None],
        log: Callable[[str], None] = lambda text: None,
        deciders: tuple[str, ...] = (),
        limits: Limits = Limits(),
        gone_on_s: float = 0.0,
        links: Links | None = None,
        hosts: Hosts | None = None,
    ):
        self.hosts = hosts or LocalHosts()
        self.gone_on_s, self.links = gone_on_s, links
        self.factory, self.arguments, self.run = factory, arguments, run
        self.deciders, self.limits = deciders, limits
        self.comes_back: Callable[[str], float | None] = lambda member: None
        self.on_joined: Callable[[str], None] = lambda member: None
        self.holds_on: Callable[[str], bool] = lambda waiting: False
        self.times: dict[str, float] = {}  # how many times as long as usual work takes, of members that are slowed
        self.lives = {name: Life(name) for name in members}
        self._token = secrets.token_hex(16)
        self.told = left.room_for(run, self._token[:8])
        elsewhere = self.hosts.address
        self.scratch = self.told / "scratch" if elsewhere else Path(tempfile.mkdtemp(prefix="workbench-"))
        (self.scratch / "groups").mkdir(parents=True)
        self.gathering = Gathering(self.told, write, log)
        self.watchdog = Watchdog(limits.silent_s, limits.deadlock_s)
        self.began_s: float | None = None
        self.failure = ""  # why the run has failed
        self.decided_s: float | None = None  # when somebody who decides ended, so that nothing is left to be done
        self._created_s = self._polled_s = time.monotonic()
        self._started_s: float | None = None
        self._selector = selectors.DefaultSelector()
        self._listener, self._address = listen(self.scratch, "supervisor", elsewhere)
        self._selector.register(self._listener, selectors.EVENT_READ)
        store.create(run, bool(elsewhere))

    @property
    def now_s(self) -> float:
        """Seconds since the run began, which is when all members were ready."""
        return self.gone_on_s if self.began_s is None else time.monotonic() - self.began_s

    def tell(self, event: Event) -> None:
        """A fact that the supervisor itself makes."""
        self.gathering.add(msgspec.structs.replace(event, t_s=round(self.now_s, 6)))

    # --- start ---------------------------------------------------------------------------------------------------

    def _start_up(self) -> None:
        """Start the members once the forkserver is warm, and let them go together once all are ready."""
        lives = self.lives.values()
        if self._started_s is None and self.hosts.ready():
            self._started_s = time.monotonic()
            for life in lives:
                self._start(life)
        late = [life.name for life in lives if life.status != "ready"]
        if not late:
            self.began_s = time.monotonic() - self.gone_on_s
            for life in lives if self.gone_on_s else ():
                self.tell(WorkerJoined(worker=life.name))
            for life in lives:
                self._let_go(life)
        elif time.monotonic() > self._created_s + self.limits.start_up_s:
            who = " ".join(late) if self._started_s is not None else "the forkserver"
            self.failure = f"not ready after {self.limits.start_up_s:g} s: {who}"

    def _start(self, life: Life) -> None:
        life.incarnation += 1
        life.status, life.restart_s, life.frozen, life.cause, life.over = "starting", None, False, "crash", None
        life.channel = life.address = None
        seat = Seat(
            me=life.name,
            incarnation=life.incarnation,
            factory=self.factory,
            arguments=self.arguments,
            environment=self._environment(life.name),
            scratch=str(self.scratch),
            told=str(self.told),
            run=str(self.run),
            supervisor=self._address,
            token=self._token,
            beat_s=self.limits.beat_s,
            group_s=2 * self.limits.silent_s + 5,
            links=self.links,
        )
        life.process = self.hosts.start(msgspec.msgpack.encode(seat))
        self._selector.register(life.process.sentinel, selectors.EVENT_READ, life)
        self.gathering.follow(life.name, life.incarnation)
        self.watchdog.begin(life.name, time.monotonic() + self.limits.start_up_s)

    def _environment(self, name: str) -> dict[str, str]:
        """What the user has set for us; and the place in the team, under the names that libraries look for."""
        own = {key: value for key, value in os.environ.items() if key.startswith("WORKBENCH_")}
        team = [other for other in self.lives if (other,) != self.deciders]
        if name in team:
            own |= {"RANK": str(team.index(name)), "WORLD_SIZE": str(len(team))}
        return own | {"MASTER_ADDR": self.hosts.address or LOOPBACK}

    def _let_go(self, life: Life) -> None:
        """The member may begin; it learns where the others are, and who is lost."""
        life.status = "running"
        peers = {other.name: other.as_peer() for other in self.lives.values()}
        assert life.channel is not None
        links = msgspec.to_builtins(self.links)
        go = {"kind": "go", "began_s": self.began_s, "now_s": time.monotonic(), "peers": peers, "links": links}
        life.channel.put(go | {"times": self.times.get(life.name, 1.0)})
        self.watchdog.begin(life.name, time.monotonic())

    # --- hearing ---------------------------------------------------------------------------------------------------

    def poll(self, timeout_s: float = 0.02) -> None:
        """Wait up to `timeout_s` for news, then do what is due."""
        now_s = time.monotonic()
        if now_s - self._polled_s > 1.0:
            self.watchdog.excuse(now_s - self._polled_s)
        if self.began_s is None and not self.failure:
            self._start_up()
        self._hear(timeout_s)
        self._polled_s = now_s = time.monotonic()
        for name in self.watchdog.silent(now_s):
            if self.decided_s is None:  # nothing is waited for any more
                self.tell(Warned(code="silent", text=f"{name} has been silent for {self.limits.silent_s:g} s"))
            self.kill(name, "silent")
        for life in self.lives.values():
            if life.restart_s is not None and now_s >= life.restart_s:
                self._start(life)
        self._look_for_deadlock()
        self.gathering.gather(self.now_s - _SETTLED_S)

    def _hear(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            match key.data:
                case None:
                    stream, _ = self._listener.accept()
                    channel = Channel(stream)
                    self._selector.register(channel, selectors.EVENT_READ, channel)
                case Channel() as channel:
                    self._hear_stranger(channel)
                case Life() as life:
                    if key.fileobj is life.channel:
                        self._hear_member(life)
                    else:
                        self._selector.unregister(key.fileobj)
                        self._bury(life)
        for life in self.lives.values():
            if life.channel is not None and life.channel.backlog:
                life.channel.flush()

    def _hear_stranger(self, channel: Channel) -> None:
        """A new stream: its first message says whose it is."""
        messages = channel.read()
        if not messages and not channel.ended:
            return
        self._selector.unregister(channel)
        hello = messages[0] if messages else {}
        life = self.lives.get(hello.get("member", ""))
        if life is None or hello["token"] != self._token or hello["incarnation"] != life.incarnation:
            channel.close()
            return
        life.channel, life.address = channel, hello["address"]
        self._selector.register(channel, selectors.EVENT_READ, life)
        life.status = "ready"
        if self.began_s is not None:
            self._rejoin(life)
        self._heed(life, messages[1:])

    def _rejoin(self, life: Life) -> None:
        """Others hear of the new incarnation before it can write to them."""
        joined = {
            "kind": "joined",
            "worker": life.name,
            "incarnation": life.incarnation,
            "address": life.address,
        }
        self._broadcast(joined)
        self.on_joined(life.name)
        self.tell(WorkerJoined(worker=life.name))
        self._let_go(life)

    def _hear_member(self, life: Life) -> None:
        assert life.channel is not None
        self._heed(life, life.channel.read())
        if life.channel.ended:  # its process is about to be reported dead, too
            self._hang_up(life)

    def _hang_up(self, life: Life) -> None:
        if life.channel is not None:
            self._selector.unregister(life.channel)
            life.channel.close()
            life.channel = None

    def _heed(self, life: Life, messages: list[Any]) -> None:
        for message in messages:
            match message["kind"]:
                case "beat":
                    if not self.is_cut_off(life.name):
                        self.watchdog.hear(life.name, message, time.monotonic())
                    continue
                case "finished":
                    life.status, life.result = "finished", message["result"]
                    life.sent_bytes, life.learns = message["sent_bytes"], message["learns"]
                case "failed":
                    life.status = "failed"
                    self.failure = self.failure or f"{life.name}: {message['reason']}"
            self.watchdog.forget(life.name, time.monotonic())
            if life.name in self.deciders and self.decided_s is None:
                self.decided_s = time.monotonic()
                for other in self.lives.values():
                    other.restart_s = None

    # --- loss ------------------------------------------------------------------------------------------------------

    def _bury(self, life: Life) -> None:
        """The process has ended: hear its last words, and declare it lost if it had not finished."""
        while life.channel is not None:
            self._hear_member(life)
            if self.hosts.address:  # who held it on another machine is gone: it ends once nobody hears it
                self._hang_up(life)
        assert life.process is not None
        code = life.process.join(_REAP_S)
        self.gathering.gather_rest_of(life.name, life.incarnation)
        if life.status in ("finished", "failed"):
            return
        began = life.status == "running"
        life.status = "lost"
        self.watchdog.forget(life.name, time.monotonic())
        self.gathering.log(f"{life.name}: its process ended with code {code} ({life.cause})")
        if self.began_s is None:
            self.failure = self.failure or f"{life.name} ended before it was ready"
        if self.decided_s is not None or self.began_s is None:
            return
        if began:
            self.tell(WorkerFailed(worker=life.name, cause=life.cause))
            lost = {"kind": "lost", "worker": life.name, "incarnation": life.incarnation, "over": life.over}
            self._broadcast(lost)
        delay_s = 0.0 if life.over is not None else self.comes_back(life.name)
        life.restart_s = None if delay_s is None else time.monotonic() + delay_s

    def _broadcast(self, message: dict[str, Any]) -> None:
        for life in self.lives.values():
            if life.status == "running" and life.channel is not None and life.name != message.get("worker"):
                life.channel.put(message)

    def _look_for_deadlock(self) -> None:
        waits_for_restart = any(life.restart_s is not None or life.status == "starting" for life in self.lives.values())
        if self.decided_s is not None or waits_for_restart or self.failure:
            return
        if (waiting := self.watchdog.deadlock()) and not self.holds_on(waiting):
            self.tell(Warned(code="deadlock", text=waiting))
            self.failure = f"nobody can go on: {waiting}"

    # --- what faults do --------------------------------------------------------------------------------------------

    def can_be_struck(self, name: str) -> bool:
        """Whether the member takes part and runs, is not frozen, and there is still something to be done."""
        life = self.lives.get(name)
        runs = life is not None and life.status == "running" and not life.frozen and self.decided_s is None
        return runs and not self.is_cut_off(name)

    def is_cut_off(self, name: str) -> bool:
        """Whether the member cannot be reached, nor heard."""
        return self.links is not None and self.links.is_cut_off(name)

    def links_changed(self) -> None:
        """Members are to pace by the links as they are now."""
        self._broadcast({"kind": "links", "links": msgspec.to_builtins(self.links)})

    def set_pace(self, name: str, times: float) -> None:
        """From now on work takes the member so many times as long as usual, in later lives, too."""
        self.times[name] = times
        life = self.lives[name]
        if life.status == "running" and life.channel is not None:
            life.channel.put({"kind": "pace", "times": times, "at_s": time.monotonic()})

    def bring_back(self, name: str) -> None:
        """Start a lost member again, now."""
        if self.lives[name].status == "lost":
            self.lives[name].restart_s = time.monotonic()

    def kill(self, name: str, cause: str = "crash") -> None:
        """SIGKILL; the loss is declared once the process is gone."""
        life = self.lives[name]
        if life.process is not None and life.status in ("starting", "ready", "running"):
            life.cause = cause
            self.watchdog.forget(name, time.monotonic())
            life.process.signal(signal.SIGKILL)

    def end_work(self, name: str, cause: str, over: dict[str, str]) -> None:
        """Kill a member over its work; it is started again at once, and the others learn which work it was."""
        self.lives[name].over = over
        self.kill(name, cause)

    def freeze(self, name: str) -> None:
        """SIGSTOP. A member that is not thawed in time is silent."""
        self._signal(name, signal.SIGSTOP)
        self.lives[name].frozen = True

    def thaw(self, name: str) -> bool:
        """SIGCONT; whether the member was still frozen."""
        life = self.lives[name]
        was_frozen = life.frozen and life.status == "running"
        if was_frozen:
            self._signal(name, signal.SIGCONT)
        life.frozen = False
        return was_frozen

    def _signal(self, name: str, number: int) -> None:
        process = self.lives[name].process
        assert process is not None
        process.signal(number)

    # --- the end ---------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be expected: `failure` says whether it ended well."""
        if self.failure:
            return True
        others_open = any(life.is_open for life in self.lives.values())
        if self.decided_s is not None:
            return not others_open or time.monotonic() - self.decided_s > self.limits.grace_s
        if others_open:
            return False
        if self.deciders or not any(life.status == "finished" for life in self.lives.values()):
            self.failure = f"{self.deciders[0] if len(self.deciders) == 1 else 'every member'} was lost"
        return True

    def results(self) -> dict[str, Any]:
        """What the programs returned, by member."""
        return {life.name: life.result for life in self.lives.values() if life.status == "finished"}

    def stop(self) -> None:
        """End every process that is left, and gather what was told. Takes well under two seconds."""
        for life in self.lives.values():
            if life.process is not None:
                life.process.signal(signal.SIGKILL)
        for life in self.lives.values():
            if life.process is not None:
                life.process.join(_REAP_S)
            self._hang_up(life)
        self.gathering.gather()
        self.gathering.close()
        self._selector.close()
        self._listener.close()
        self.hosts.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        left.clear(self.run)
