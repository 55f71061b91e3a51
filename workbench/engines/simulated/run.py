"""A simulated run: one combination of a scenario, carried out in virtual time and written to a run folder."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from workbench.architectures import interval
from workbench.architectures.fault_traces import with_traces
from workbench.architectures.idle import warnings
from workbench.architectures.job import Job, build, ordered, strikes_by_step, strikes_by_time
from workbench.architectures.raft import Timing
from workbench.architectures.single_leader import SingleLeader
from workbench.architectures.team_level import is_chosen
from workbench.document.check import FAULTS
from workbench.document.scenario import Combination, Scenario
from workbench.engines.control import Command, Control
from workbench.engines.simulated.elections import without_leader_s
from workbench.engines.simulated.faults import Faults
from workbench.engines.simulated.learning import LearningWork
from workbench.engines.simulated.member import waiting_text
from workbench.engines.simulated.memory import Memory
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.team_run import DURATION_REACHED, TeamRun
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.work import Work
from workbench.engines.simulated.world import World
from workbench.engines.window import Window
from workbench.runs.events import (
    Event,
    Measured,
    MessageSent,
    OperationFinished,
    OperationStarted,
    RunFinished,
    RunStarted,
    StepsFinished,
    Warned,
)
from workbench.runs.folder import RunWriter
from workbench.runs.labels import EXTRAPOLATED, least_sure

SLICE_EVENTS = 500  # between two looks at the commands
LOOKS = 16
FRAME_S = 0.02  # wall time between two looks, when the simulation is paced
UNTIL_ELECTED_S = 1e6  # a majority is left, so that somebody is elected long before


class SimulatedRun:
    """The life of one simulated run. `follow` are the events of another run whose choices are to be taken over.

    Within `messages` it tells every letter and chunk; all else that it tells is the same with and without.
    """

    def __init__(
        self,
        scenario: Scenario,
        combination: Combination,
        folder: Path,
        writer: RunWriter,
        control: Control,
        replication: int = 0,
        speed: float = 0.0,
        follow: Iterable[Event] = (),
        messages: Window | None = None,
    ):
        self.scenario = scenario = with_traces(scenario, folder)
        self.combination, self.replication = combination, replication
        self.writer, self.control, self.speed, self.paused = writer, control, speed, False
        self.stop_reason = ""
        self.asked_to_mend = False
        self.told_s = 0.0
        self.over_s: float | None = None  # when the work had ended
        self.moved_s = 0.0  # when something was told that is more than looking around
        links = scenario.cluster.network
        self.job: Job = build(scenario, combination, replication)
        others = tuple(name for name in self.job.members if name not in self.job.followers)
        fair = links.topology != "switch" or links.sharing == "fair"
        own = scenario.cluster.own_bandwidths
        topology = lay(links, scenario.cluster.names, others, own) if fair else None
        network = Network(links.bandwidth, links.latency, links.collectives, topology, own)
        self.work = work = Work(scenario, folder, scenario.run.seed, replication, network)
        if scenario.run.learn:
            self.work = work = LearningWork(scenario, folder, replication, network, writer.path, self._tell)
        work.found.in_flight = self.job.orchestration.in_flight
        team = self.job.followers[: self.job.team_size]
        self.memory = Memory(self.job.training, team, work.step_costs, scenario.cluster)
        work.unfit = self.memory.unfit
        self.world = World(network, work, self._tell, self.job.orchestration.heartbeat, messages)
        self.until_s = scenario.run.duration or float("inf")
        self.writer.write(self._started(replication))
        self._tell_memory()
        for fact in work.found.facts():
            self.writer.write(fact)
        for fact in (*warnings(scenario, combination, self.job), *interval.facts(scenario, combination, self.job)):
            self.writer.write(fact)
        choices = _choices(follow)
        for name in self.job.members:
            self.world.add(name, self.job.program(name), choices.get(name, []))
        self.faults = Faults(
            self.world,
            self.job,
            strikes_by_step(scenario, combination),
            strikes_by_time(scenario, combination, replication),
            lambda event: self._tell(event, ""),
            self._election_s,
            work.paces,
        )

    def _started(self, replication: int) -> RunStarted:
        return RunStarted(
            engine="simulated",
            combination=self.combination.id,
            seed=self.scenario.run.seed,
            replication=replication,
            members=self.job.members,
            team=self.job.followers[: self.job.team_size],
            stages=tuple(stage.id for stage in self.scenario.pipeline.stages),
            after=self.job.plan.after,
            fidelity="message",
            label=EXTRAPOLATED,
        )

    def _tell(self, event: Event, who: str) -> None:
        now_s = self.world.clock.now if self.over_s is None else self.over_s
        self.writer.write(msgspec.structs.replace(event, t_s=now_s, who=who))
        kind = event.__class__
        if kind is MessageSent:  # which must change nothing of what is told without them
            return
        self.told_s = now_s
        if (kind is not OperationStarted and kind is not OperationFinished) or event.stage:  # type: ignore[union-attr]
            self.moved_s = now_s
        if kind is StepsFinished:
            self.faults.watch(event)

    def carry_out(self) -> str:
        """Run to the end; the outcome: finished, stopped or failed."""
        self.world.start(self.job.members)
        try:
            outcome, reason = self._loop()
        except KeyboardInterrupt:
            outcome, reason = "stopped", "interrupted"
        if outcome == "finished" and reason != DURATION_REACHED:
            self.over_s = self.told_s  # a fault that was planned for later must not stretch the run
        self.world.close()
        self._tell_traffic()
        ended_s = self.until_s if reason == DURATION_REACHED else self.told_s
        grounds = self.world.network.grounds.told()
        label = least_sure(ground.label for ground in grounds)
        self.writer.write(RunFinished(t_s=ended_s, outcome=outcome, reason=reason, label=label, grounds=grounds))
        self.writer.flush()
        return outcome

    def _election_s(self, number: int) -> float:
        """How long the servers are without a leader, each loss with draws of its own."""
        wanted = self.job.orchestration
        assert isinstance(wanted, SingleLeader)
        timing = Timing(wanted.election, 2 * wanted.election)
        trial = f"{self.replication}/{number}"
        logs = (0,) * wanted.servers
        return without_leader_s(
            timing, self.world.network.latency_s, logs, self.scenario.run.seed, trial, UNTIL_ELECTED_S
        )

    def _tell_memory(self) -> None:
        """What training needs on the fullest worker."""
        if self.memory.bytes:
            for name, value, unit in (
                ("memory_bytes", self.memory.bytes, "B"),
                ("memory_share", self.memory.share, ""),
            ):
                self.writer.write(Measured(name=name, value=value, unit=unit))

    def _tell_traffic(self) -> None:
        """What a training sent, in bytes: letters and chunks, and training data itself."""
        if not self.work.trainers:
            return
        sent = self.world.sent_bytes
        facts = {
            "worker_bytes": max(sent[name] for name in self.work.trainers),
            "busiest_bytes": max(sent[name] for name in self.job.followers[: self.job.team_size]),
            "data_bytes": self.work.moved_bytes,
        }
        for name, value in facts.items():
            self.writer.write(Measured(t_s=self.told_s, name=name, value=value, unit="B"))

    def _loop(self) -> tuple[str, str]:
        clock = self.world.clock
        while True:
            for command in self.control.poll():
                self._obey(command)
            if self.stop_reason:
                return "stopped", self.stop_reason
            if self.paused:
                time.sleep(FRAME_S)
                continue
            self._advance(min(self.until_s, clock.now + self.speed * FRAME_S if self.speed else self.until_s))
            ended = self._ended()
            if ended:
                return ended

    def _advance(self, until_s: float) -> None:
        clock = self.world.clock
        if not self.speed:
            idle_s = self.job.orchestration.idle_s
            clock.run_slice(min(until_s, max(clock.next_s, clock.now + idle_s)) if idle_s else until_s, SLICE_EVENTS)
            return
        began_s = time.monotonic()
        while clock.run_slice(until_s, SLICE_EVENTS) and time.monotonic() - began_s < FRAME_S:
            pass
        if clock.next_s > until_s and until_s < float("inf"):
            clock.advance_to(until_s)
        self.writer.flush()
        time.sleep(max(0.0, FRAME_S - (time.monotonic() - began_s)))

    def _ended(self) -> tuple[str, str] | None:
        for member in self.world.members.values():
            if member.outcome is not None:
                return "failed", f"{member.name}: {member.outcome.args[0]}: {member.outcome.args[-1]}"
        if self.faults.over and (not self._still_busy() or self._is_idle()):
            return "finished", ""
        if self._is_idle() and not self._waits_for_mending():
            return self._deadlock()
        if self.world.clock.next_s > self.until_s:
            self.world.clock.advance_to(self.until_s)
            return "finished", DURATION_REACHED
        return None

    def _is_idle(self) -> bool:
        clock, next_fault = self.world.clock, self.faults.next_call
        if self.faults.stalled or not self.job.orchestration.idle_s:
            return self.faults.stalled
        if clock.now - self.moved_s < self.job.orchestration.idle_s:
            return False
        looks = LOOKS * len(self.world.members)  # between two rests members look around, which takes some events
        return any(self.world.at_rest(next_fault) or not clock.run_slice(self.until_s, 1) for _ in range(looks))

    def _still_busy(self) -> bool:
        """Whether a member still has to read that the work is over; one that is frozen or cut off never will."""
        cut_off = self.world.cuts.is_cut_off
        return any(not member.frozen and not cut_off(member.name) for member in self.world.unfinished)

    def _waits_for_mending(self) -> bool:
        """Whether nobody can go on until somebody who watches undoes what was broken by hand."""
        if not self.speed or not self.faults.can_be_mended:
            return False
        if not self.asked_to_mend:
            self.asked_to_mend = True
            text = f"nobody can go on until something is mended: {waiting_text(self.world.unfinished)}"
            self._tell(Warned(code="mending-awaited", text=text), "")
        return True

    def _deadlock(self) -> tuple[str, str]:
        text = waiting_text(self.world.unfinished)
        self._tell(Warned(code="deadlock", text=text), "")
        return "failed", f"nobody can go on: {text}"

    def _obey(self, command: Command) -> None:
        self.writer.command(self.world.clock.now, command)
        match command["command"]:
            case "pause":
                self.paused = True
            case "resume":
                self.paused = False
            case "speed":
                self.speed = float(command["value"])
            case "stop":
                self.stop_reason = "stopped by command"
            case "cancel" if not command.get("stage"):
                self.stop_reason = "cancelled by command"
            case "cancel":
                text = "a stage can only be cancelled in a real run"
                self._tell(Warned(code="command-refused", text=text), "")
            case "break" if command["kind"] in FAULTS:
                self.faults.strike(ordered(command))
            case "mend" if self.faults.mend(command.get("worker", ""), command.get("kind", "")):
                self.asked_to_mend = False
            case name:
                what = " ".join(str(command[key]) for key in ("kind", "worker") if command.get(key))
                self._tell(Warned(code="command-refused", text=f"there is nothing to {name}: {what}"), "")


def _choices(events: Iterable[Event]) -> dict[str, list[tuple[str, ...]]]:
    """What each member was answered where its engine had a choice."""
    chosen: dict[str, list[tuple[str, ...]]] = {}
    for event in events:
        if isinstance(event, OperationFinished) and event.choice.startswith("from "):
            chosen.setdefault(event.who, []).append(tuple(event.choice.split()[1:]))
    return chosen


def carry_out(
    scenario: Scenario,
    combination: Combination,
    folder: Path,
    writer: RunWriter,
    control: Control,
    replication: int = 0,
    speed: float = 0.0,
    messages: Window | None = None,
) -> str:
    """Carry one combination out in virtual time; the outcome. `folder` is where the scenario lies."""
    traced = with_traces(scenario, folder)
    job = build(traced, combination, replication)
    if is_chosen(traced, combination, job):
        return TeamRun(traced, combination, folder, writer, control, replication, speed, messages, job).carry_out()
    run = SimulatedRun(scenario, combination, folder, writer, control, replication, speed, messages=messages)
    return run.carry_out()
