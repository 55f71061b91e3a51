"""A real run: one combination of a scenario, carried out by processes and written to a run folder."""

from __future__ import annotations

import contextlib
from itertools import dropwhile
from pathlib import Path

import psutil
from msgspec.structs import replace

from workbench.architectures import interval
from workbench.architectures.fault_traces import with_traces
from workbench.architectures.idle import warnings
from workbench.architectures.job import Job, build, ordered, strikes_by_step, strikes_by_time
from workbench.architectures.orchestration import LEADER
from workbench.architectures.single_leader import SingleLeader
from workbench.document.scenario import Combination, Scenario
from workbench.engines.control import Command, Control
from workbench.engines.errors import CannotRun
from workbench.engines.real.dask_hosts import DaskHosts
from workbench.engines.real.faults import Faults
from workbench.engines.real.guard import Guard
from workbench.engines.real.links import Links
from workbench.engines.real.member import FROM_SCENARIO
from workbench.engines.real.results import Results
from workbench.engines.real.resumed import Past, unsaid
from workbench.engines.real.supervisor import Limits, Supervisor
from workbench.runs.events import Event, Measured, RunFinished, RunStarted, Warned
from workbench.runs.folder import RunWriter
from workbench.runs.orders import Orders
from workbench.stages import trust

PATIENCE_S = 10.0  # of the watchdog: with a silent member, and with members that all wait
MEMBER_BYTES = 400e6
TURN_S, STEP_S = 0.02, 0.002  # between two looks at the run; the latter while a fault waits for a step


class RealRun:
    """The life of one real run."""

    def __init__(
        self,
        scenario: Scenario,
        combination: Combination,
        folder: Path,
        writer: RunWriter,
        control: Control,
        patience_s: float = PATIENCE_S,
        resumes: bool = False,
        fresh: bool = False,
        cluster: str = "",
    ):
        self.scenario = scenario = with_traces(scenario, folder)
        self.combination, self.writer, self.control = combination, writer, control
        self.job: Job = build(scenario, combination)
        if not cluster:
            _check_memory(len(self.job.members))
        hosts = DaskHosts(cluster) if cluster else None
        self.past = Past(writer) if resumes else None
        gone_on_s = self.past.gone_on_s if self.past else 0.0
        self.supervisor = Supervisor(
            self.job.members,
            FROM_SCENARIO,
            {
                "folder": str(folder.absolute()),
                "combination": combination.id,
                "gone_on_s": gone_on_s,
                "fresh": fresh,
                "one_machine": not cluster,
            },
            writer.path.absolute(),
            self._write,
            writer.log,
            deciders=self.job.deciders,
            limits=Limits(
                beat_s=min(1.0, patience_s / 4),
                silent_s=patience_s,
                deadlock_s=max(patience_s, self.job.orchestration.idle_s),
            ),
            gone_on_s=gone_on_s,
            links=Links.of(scenario),
            hosts=hosts,
        )
        self.orders = Orders(writer.path)
        self.guard = Guard(self.supervisor, scenario.pipeline)
        self.until_s = scenario.run.duration or float("inf")
        by_step, by_time = strikes_by_step(scenario, combination), strikes_by_time(scenario, combination)
        if self.past:
            steps = self.supervisor.gathering.steps_finished = self.past.steps
            by_step = [strike for strike in by_step if (strike.at_step or 0) > steps]
            by_time = dropwhile(lambda strike: (strike.at_s or 0.0) <= gone_on_s, by_time)
        leader = self.job.orchestration
        restart_s = leader.restart if isinstance(leader, SingleLeader) else 0.0
        self.faults = Faults(self.supervisor, by_step, by_time, restart_s)
        self.stop_reason = ""

    def carry_out(self) -> str:
        """Run to the end; the outcome: finished, stopped or failed. CannotRun if the members cannot be started."""
        if self.past and self.past.began:
            self.past.tell(self.job.plan)
        else:
            self.writer.write(self._started())
        self.writer.flush()
        outcome, reason = "failed", "the engine was at fault"
        try:
            outcome, reason = self._loop()
        except KeyboardInterrupt:
            outcome, reason = "stopped", "interrupted"
        finally:
            self._end(outcome, reason)
        if self.supervisor.began_s is None and outcome == "failed":
            raise CannotRun(reason)
        return outcome

    def _write(self, event: Event) -> None:
        self.guard.see(event)
        self.writer.write(event)

    def _end(self, outcome: str, reason: str) -> None:
        ended_s = self.supervisor.now_s
        self.supervisor.stop()
        if outcome == "finished" and not reason:
            ended_s = self.supervisor.gathering.last_s  # waiting for processes to end is no part of the run
        if outcome == "finished":
            self._say_what_was_recorded(ended_s)
            self._say_what_was_sent(ended_s)
        self.writer.write(RunFinished(t_s=round(ended_s, 6), outcome=outcome, reason=reason))
        self.writer.flush()

    def _say_what_was_recorded(self, ended_s: float) -> None:
        """A leader that is killed after its record and before its word has left a result of which nobody has heard."""
        said = self.supervisor.gathering.done | (self.past.done if self.past else set())
        for fact in unsaid(self.writer.path, self.job.plan, said):
            self.writer.write(replace(fact, t_s=round(ended_s, 6)))

    def _say_what_was_sent(self, ended_s: float) -> None:
        """In bytes, over shaped links, by those who did not end before the training."""
        lives = self.supervisor.lives
        learnt = [life.sent_bytes for life in lives.values() if life.learns]
        if self.supervisor.links is None or not learnt:
            return
        team = [lives[name].sent_bytes for name in self.job.followers[: self.job.team_size]]
        for name, value in (("worker_bytes", max(learnt)), ("busiest_bytes", max(team))):
            self.writer.write(Measured(t_s=round(ended_s, 6), name=name, value=value, unit="B"))

    def _started(self) -> RunStarted:
        return RunStarted(
            engine="real",
            combination=self.combination.id,
            seed=self.scenario.run.seed,
            members=self.job.members,
            team=self.job.followers[: self.job.team_size],
            stages=tuple(stage.id for stage in self.scenario.pipeline.stages),
            after=self.job.plan.after,
            fidelity="processes" if self.supervisor.links is None else "shaped",
            label="measured",
        )

    def _warn(self) -> None:
        facts = interval.facts(self.scenario, self.combination, self.job)
        for fact in (*warnings(self.scenario, self.combination, self.job), *facts):
            self.supervisor.tell(fact)
        cores, team = psutil.cpu_count() or 1, self.job.team_size
        if team > cores and not self.supervisor.hosts.address:
            text = f"a team of {team} shares {cores} cores: its times are this machine's, not those of {team} workers"
            self.supervisor.tell(Warned(code="few-cores", text=text))

    def _loop(self) -> tuple[str, str]:
        if not self.past:
            self._warn()
        while True:
            self.supervisor.poll(STEP_S if self.faults.watch_steps else TURN_S)
            self.faults.turn()
            self.guard.turn()
            for command in (*self.control.poll(), *self.orders.read_new()):
                self._obey(command)
            self.writer.flush()
            if ended := self._ended():
                return ended

    def _ended(self) -> tuple[str, str] | None:
        if self.stop_reason:
            return "stopped", self.stop_reason
        if self.supervisor.ended:
            return ("failed", self.supervisor.failure) if self.supervisor.failure else ("finished", "")
        if self.supervisor.now_s > self.until_s:
            return "finished", "the duration is reached"
        return None

    def _obey(self, command: Command) -> None:
        self.writer.command(round(self.supervisor.now_s, 6), command)
        match command["command"]:
            case "stop":
                self.stop_reason = "stopped by command"
            case "cancel" if not command.get("stage"):
                self.stop_reason = "cancelled by command"
            case "cancel" if LEADER in self.job.members and self.scenario.pipeline.stage(command["stage"]):
                self.guard.cancel(command["stage"])
            case "break":
                self.faults.strike(ordered(command))
            case "mend":
                if not self.faults.mend(command.get("worker", ""), command.get("kind", "")):
                    self.supervisor.tell(Warned(code="command-refused", text="there is nothing to mend"))
            case name:
                self.supervisor.tell(
                    Warned(code="command-refused", text=f"this run cannot obey '{name}'{_about(command)}")
                )


def _about(command: Command) -> str:
    about = " ".join(str(command[key]) for key in ("kind", "worker", "stage") if command.get(key))
    return f": {about}" if about else ""


def _check_memory(members: int) -> None:
    free = psutil.virtual_memory().available
    if members * MEMBER_BYTES > free:
        raise CannotRun(
            f"{members} processes need about {members * MEMBER_BYTES / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        )


def carry_out(
    scenario: Scenario,
    combination: Combination,
    folder: Path,
    writer: RunWriter,
    control: Control,
    resumes: bool = False,
    fresh: bool = False,
    cluster: str = "",
) -> str:
    """Carry one combination out; the outcome. `folder` is where the scenario lies.

    If it `resumes`, what the folder of the writer holds was broken off, and goes on with what was recorded. If it is
    `fresh`, nothing that an earlier run led to is taken over. Its processes are on this machine, or with a `cluster`,
    the address of a Dask scheduler, on the machines of that.
    """
    run = RealRun(scenario, combination, folder, writer, control, resumes=resumes, fresh=fresh, cluster=cluster)
    try:
        return run.carry_out()
    finally:
        with contextlib.suppress(OSError):
            Results(trust.home() / "results").prune()
