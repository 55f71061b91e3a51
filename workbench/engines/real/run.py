"""A real run: one combination of a scenario, carried out by processes and written to a run folder."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psutil

from workbench.architectures.job import Job, Strike, build, strikes
from workbench.architectures.single_leader import LEADER
from workbench.document.scenario import Combination, Scenario
from workbench.engines.control import Command, Control
from workbench.engines.errors import CannotRun
from workbench.engines.real.faults import Faults
from workbench.engines.real.supervisor import MEMBER_BYTES, Supervisor
from workbench.engines.real.watchdog import PATIENCE_S, Watchdog
from workbench.runs.events import Event, RunFinished, RunStarted, Warned
from workbench.runs.folder import RunWriter

TURN_S = 0.01
DAY_S = 86400.0
GRACE_S = 2.0  # for members to read that the work is over, once the leader has said so


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
    ):
        self.scenario, self.combination, self.writer, self.control = scenario, combination, writer, control
        self.job: Job = build(scenario, combination)
        _check_memory(len(self.job.members))
        self.supervisor = Supervisor(
            writer.path.absolute(), folder.absolute(), self.job.members, combination.id, beat_s=min(1.0, patience_s / 4)
        )
        self.until_s = scenario.run.duration or float("inf")
        planned = strikes(scenario, combination, min(self.until_s, DAY_S))
        self.faults = Faults(self.supervisor, self.job, planned, self._tell)
        self.supervisor.merge.on_read = self.faults.watch
        self.watchdog = Watchdog(self.supervisor, patience_s)
        self.stop_reason = ""
        self.leader_done_s: float | None = None

    def carry_out(self) -> str:
        """Run to the end; the outcome: finished, stopped or failed. CannotRun if the members cannot be started."""
        self.writer.write(self._started())
        self.writer.flush()
        try:
            self.supervisor.start()
            self._warn_of_few_cores()
            outcome, reason = self._loop()
        except KeyboardInterrupt:
            outcome, reason = "stopped", "interrupted"
        except CannotRun as error:
            self._end("failed", str(error))
            raise
        self._end(outcome, reason)
        return outcome

    def _end(self, outcome: str, reason: str) -> None:
        ended_s = self.supervisor.now_s
        self.supervisor.close()
        for event in self.supervisor.merge.read_rest():
            self.writer.write(event)
        if outcome == "finished" and not reason:
            ended_s = self.supervisor.merge.last_s  # waiting for processes to end is no part of the run
        self.writer.write(RunFinished(t_s=round(ended_s, 6), outcome=outcome, reason=reason))
        self.writer.flush()

    def _started(self) -> RunStarted:
        return RunStarted(
            engine="real",
            combination=self.combination.id,
            seed=self.scenario.run.seed,
            members=self.job.members,
            team=self.job.followers[: self.job.team_size],
            stages=tuple(stage.id for stage in self.scenario.pipeline.stages),
            fidelity="processes",
            label="measured",
        )

    def _tell(self, event: Event) -> None:
        self.writer.write(msgspec.structs.replace(event, t_s=round(self.supervisor.now_s, 6)))

    def _warn_of_few_cores(self) -> None:
        cores, team = psutil.cpu_count() or 1, self.job.team_size
        if team > cores:
            text = f"a team of {team} shares {cores} cores: its times are this machine's, not those of {team} workers"
            self._tell(Warned(code="few-cores", text=text))

    def _loop(self) -> tuple[str, str]:
        while True:
            self.supervisor.turn(TURN_S)
            for event in self.supervisor.merge.read_new(self.supervisor.now_s):
                self.writer.write(event)
            self.faults.turn()
            for command in self.control.poll():
                self._obey(command)
            self.writer.flush()
            if ended := self._ended() or self._stuck():
                return ended

    def _ended(self) -> tuple[str, str] | None:
        if self.stop_reason:
            return "stopped", self.stop_reason
        if self.supervisor.failure:
            return "failed", self.supervisor.failure
        if self.supervisor.now_s > self.until_s:
            return "finished", "the duration is reached"
        leader = self.supervisor.lives.get(LEADER)
        if leader is not None and leader.ended:
            self.leader_done_s = self.leader_done_s or self.supervisor.now_s
            if self.supervisor.all_ended or self.supervisor.now_s - self.leader_done_s > GRACE_S:
                return "finished", ""
        return None

    def _stuck(self) -> tuple[str, str] | None:
        for name in self.watchdog.silent():
            self._tell(Warned(code="silent", text=f"{name} has been silent for {self.watchdog.patience_s:g} s"))
            self.faults.kill(name, "silent")
        if text := self.watchdog.deadlock():
            self._tell(Warned(code="deadlock", text=text))
            return "failed", f"nobody can go on: {text}"
        return None

    def _obey(self, command: Command) -> None:
        self.writer.command(round(self.supervisor.now_s, 6), command)
        match command["command"]:
            case "stop":
                self.stop_reason = "stopped by command"
            case "break":
                worker = LEADER if command["kind"] == "leader-crash" else command["worker"]
                self.faults.strike(Strike(command["kind"], worker, None, None, command.get("lasts"), "command"))
            case name:
                self._tell(Warned(code="command-refused", text=f"a real run cannot obey '{name}'"))


def _check_memory(members: int) -> None:
    free = psutil.virtual_memory().available
    if members * MEMBER_BYTES > free:
        raise CannotRun(
            f"{members} processes need about {members * MEMBER_BYTES / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        )


def carry_out(scenario: Scenario, combination: Combination, folder: Path, writer: RunWriter, control: Control) -> str:
    """Carry one combination out on processes of this machine; the outcome. `folder` is where the scenario lies."""
    return RealRun(scenario, combination, folder, writer, control).carry_out()
