"""A simulated run at team level: a long training in closed form, whatever the number of steps and members.

What it leaves out is told in the run: letters between leader and followers take no time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

from workbench.architectures import interval
from workbench.architectures.fault_traces import with_traces
from workbench.architectures.idle import warnings
from workbench.architectures.job import Job, build, strikes_by_time
from workbench.architectures.operations import StageFailed
from workbench.architectures.orchestration import LEADER
from workbench.document.scenario import Combination, Scenario
from workbench.engines.control import Control
from workbench.engines.simulated.grounds import Grounds
from workbench.engines.simulated.steady.training import LongTraining
from workbench.engines.simulated.steady.workers import Workers
from workbench.engines.simulated.steady.world import team_world
from workbench.engines.window import Window
from workbench.runs.events import Event, Measured, Recorded, RunFinished, RunStarted, Warned
from workbench.runs.folder import RunWriter
from workbench.runs.labels import EXTRAPOLATED, least_sure

FRAME_S = 0.02  # wall time between two looks at the commands
DURATION_REACHED = "the duration is reached"
BY_HAND = "at team level nothing is broken or mended by hand while the run goes on"
TOO_FEW = "too few workers are left"
LETTERS = "at team level letters between leader and followers take no time"


class TeamRun:
    """The life of one run at team level. `speed` is seconds of the run in one of a watcher; 0 for no pace."""

    def __init__(
        self,
        scenario: Scenario,
        combination: Combination,
        folder: Path,
        writer: RunWriter,
        control: Control,
        replication: int = 0,
        speed: float = 0.0,
        messages: Window | None = None,
        job: Job | None = None,
    ):
        self.scenario = scenario = with_traces(scenario, folder)
        self.combination, self.replication = combination, replication
        self.writer, self.control, self.speed, self.paused = writer, control, speed, False
        self.stopped, self.told_s = False, 0.0
        self.job: Job = job or build(scenario, combination, replication)
        self.stage = scenario.pipeline.stages[0].id
        self.team = self.job.followers[: self.job.team_size]
        self.world = team_world(scenario, combination, folder, self.job)
        self.grounds = self.world.network.grounds = Grounds()  # of this run alone
        heard_s = self.job.orchestration.heartbeat + scenario.cluster.network.latency
        self.training = LongTraining(
            workers=Workers(self.job.followers, heard_s),
            team_size=self.job.team_size,
            least=max(1, self.job.training.least),
            passages_of=self.world.passages_of,
            strikes=strikes_by_time(scenario, combination, replication),
            until_s=scenario.run.duration or inf,
            messages=messages,
        )

    # --- telling --------------------------------------------------------------------------------------------------

    def carry_out(self) -> str:
        """Run to the end; the outcome: finished, stopped or failed."""
        for event in self._beginning():
            self.writer.write(event)
        try:
            self._tell()
            outcome, reason = self._outcome()
        except StageFailed as failed:
            outcome, reason = "failed", f"{LEADER}: {failed.args[0]}: {failed.args[-1]}"
        except KeyboardInterrupt:
            outcome, reason = "stopped", "interrupted"
        grounds = self.grounds.told()
        label = least_sure(ground.label for ground in grounds)
        self.writer.write(RunFinished(t_s=self.told_s, outcome=outcome, reason=reason, label=label, grounds=grounds))
        self.writer.flush()
        return outcome

    def _outcome(self) -> tuple[str, str]:
        """(outcome, reason) once all is told."""
        if self.stopped:
            return "stopped", "stopped by command"
        if self.training.stuck:
            self.writer.write(Warned(t_s=self.told_s, code="deadlock", text=TOO_FEW))
            return "failed", f"nobody can go on: {TOO_FEW}"
        if self.training.finished:
            return "finished", ""
        self.told_s = self.training.until_s
        return "finished", DURATION_REACHED

    def _beginning(self) -> Iterator[Event]:
        yield RunStarted(
            engine="simulated",
            combination=self.combination.id,
            seed=self.scenario.run.seed,
            replication=self.replication,
            members=self.job.members,
            team=self.team,
            stages=(self.stage,),
            after=self.job.plan.after,
            fidelity="team",
            label=EXTRAPOLATED,
        )
        if self.world.memory.bytes:
            yield Measured(name="memory_bytes", value=self.world.memory.bytes, unit="B")
            yield Measured(name="memory_share", value=self.world.memory.share)
        yield Warned(code="team-level", text=LETTERS)
        yield from warnings(self.scenario, self.combination, self.job)
        yield from interval.facts(self.scenario, self.combination, self.job)

    def _tell(self) -> None:
        """Tell the training, part by part, at the pace of whoever watches, who may end it between two parts."""
        for told in self._parts():
            parts = [[event] for event in told] if self.speed else [told] if told else []
            for part in parts:
                if not self._goes_on(part[0].t_s):
                    self.stopped = True
                    return
                self.told_s = part[-1].t_s
                self.writer.write_all(part)

    def _parts(self) -> Iterator[list[Event]]:
        yield [Recorded(who=LEADER, kind="elected", key="leader term 1")]
        yield from self.training.told()
        if self.training.finished:
            yield [Recorded(t_s=self.training.ended_s, who=LEADER, kind="done", key=self.stage, stage=self.stage)]

    def _goes_on(self, until_s: float) -> bool:
        """Let the time until the next fact pass for whoever watches; False once it is to stop."""
        from_s = self.told_s
        while True:
            for command in self.control.poll():
                self.writer.command(from_s, command)
                match command["command"]:
                    case "stop":
                        return False
                    case "pause" | "resume":
                        self.paused = command["command"] == "pause"
                    case "speed":
                        self.speed = float(command["value"])
                    case "break" | "mend":
                        self.writer.write(Warned(t_s=from_s, code="fault-refused", text=BY_HAND))
            if not self.paused and (not self.speed or from_s >= until_s):
                return True
            self.writer.flush()
            time.sleep(FRAME_S)
            from_s += 0.0 if self.paused else self.speed * FRAME_S
