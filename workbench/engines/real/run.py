"""A real run: one combination of a scenario, carried out by processes and written to a run folder."""

from __future__ import annotations

from pathlib import Path

import psutil

from workbench.architectures import interval
from workbench.architectures.idle import warnings
from workbench.architectures.job import Job, Strike, build, strikes_by_step, strikes_by_time
from workbench.architectures.orchestration import LEADER
from workbench.architectures.single_leader import SingleLeader
from workbench.document.scenario import Combination, Scenario
from workbench.engines.control import Command, Control
from workbench.engines.errors import CannotRun
from workbench.engines.real.faults import Faults
from workbench.engines.real.limits import FAULTS
from workbench.engines.real.member import FROM_SCENARIO
from workbench.engines.real.supervisor import Limits, Supervisor
from workbench.runs.events import RunFinished, RunStarted, Warned
from workbench.runs.folder import RunWriter

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
    ):
        self.scenario, self.combination, self.writer, self.control = scenario, combination, writer, control
        self.job: Job = build(scenario, combination)
        _check_memory(len(self.job.members))
        self.supervisor = Supervisor(
            self.job.members,
            FROM_SCENARIO,
            {"folder": str(folder.absolute()), "combination": combination.id},
            writer.path.absolute(),
            writer.write,
            writer.log,
            leader=LEADER,
            limits=Limits(beat_s=min(1.0, patience_s / 4), silent_s=patience_s, deadlock_s=patience_s),
        )
        self.until_s = scenario.run.duration or float("inf")
        by_step, by_time = strikes_by_step(scenario, combination), strikes_by_time(scenario, combination)
        leader = self.job.orchestration
        assert isinstance(leader, SingleLeader)
        self.faults = Faults(self.supervisor, by_step, by_time, leader.restart)
        self.stop_reason = ""

    def carry_out(self) -> str:
        """Run to the end; the outcome: finished, stopped or failed. CannotRun if the members cannot be started."""
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

    def _end(self, outcome: str, reason: str) -> None:
        ended_s = self.supervisor.now_s
        self.supervisor.stop()
        if outcome == "finished" and not reason:
            ended_s = self.supervisor.gathering.last_s  # waiting for processes to end is no part of the run
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
            after=self.job.plan.after,
            fidelity="processes",
            label="measured",
        )

    def _warn_of_few_cores(self) -> None:
        cores, team = psutil.cpu_count() or 1, self.job.team_size
        if team > cores:
            text = f"a team of {team} shares {cores} cores: its times are this machine's, not those of {team} workers"
            self.supervisor.tell(Warned(code="few-cores", text=text))

    def _loop(self) -> tuple[str, str]:
        facts = interval.facts(self.scenario, self.combination, self.job)
        for fact in (*warnings(self.scenario, self.combination, self.job), *facts):
            self.supervisor.tell(fact)
        self._warn_of_few_cores()
        while True:
            self.supervisor.poll(STEP_S if self.faults.watch_steps else TURN_S)
            self.faults.turn()
            for command in self.control.poll():
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
            case "break" if command["kind"] not in FAULTS:
                text = f"a fault of kind '{command['kind']}' can only be simulated"
                self.supervisor.tell(Warned(code="fault-refused", text=text))
            case "break":
                worker = LEADER if command["kind"] == "leader-crash" else command["worker"]
                self.faults.strike(Strike(command["kind"], worker, None, None, command.get("lasts"), "command"))
            case name:
                self.supervisor.tell(Warned(code="command-refused", text=f"a real run cannot obey '{name}'"))


def _check_memory(members: int) -> None:
    free = psutil.virtual_memory().available
    if members * MEMBER_BYTES > free:
        raise CannotRun(
            f"{members} processes need about {members * MEMBER_BYTES / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        )


def carry_out(scenario: Scenario, combination: Combination, folder: Path, writer: RunWriter, control: Control) -> str:
    """Carry one combination out on processes of this machine; the outcome. `folder` is where the scenario lies."""
    return RealRun(scenario, combination, folder, writer, control).carry_out()
