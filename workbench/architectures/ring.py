"""Data-parallel training by ring all-reduce: every member holds all weights and a share of each batch."""

from collections.abc import Generator
from itertools import count
from typing import Any, Literal

from pydantic import Field

from workbench.architectures import buckets
from workbench.architectures.operations import Algorithm, AllReduce, Operation, Say, StageFailed, WorkerLost
from workbench.architectures.regrow import Meetings, Team, Verdict
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob, checkpoint, regroup, resume
from workbench.runs.events import StepsFinished


class RingAllReduce(TrainingArchitecture):
    """Each member adds its share of the gradient to a running sum that travels around the ring.

    With buckets, parts of the gradient are summed while the backward pass still computes those of earlier layers.
    One all-reduce of S bytes over n members takes 2(n-1)/n * S/B + 2(n-1) * L on links of bandwidth B and latency L
    (Patarasu and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009).

    Over a binomial tree it takes 2 ceil(log2 n) * (S/B + L): sooner than the ring where S is small and n large (Thakur,
    Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH", 2005). In a hierarchy each
    island sums and scatters within, its members sum their shares with those of the other islands, and gather within.
    """

    title = "Ring all-reduce"
    title_ja = "リング all-reduce"
    doc = "All workers hold the whole model; gradients are summed around a ring after each step."
    doc_ja = "全ワーカーがモデル全体を持ち、各ステップの後に勾配をリング上で合計します。"

    workers: int = Field(default=0, ge=0, description="members of the ring; 0 means every worker of the cluster")
    on_loss: Literal["shrink", "restart"] = Field(
        default="shrink", description="go on with the survivors, or begin again from the last checkpoint"
    )

    algorithm: Algorithm = Field(
        default="ring",
        description="how sums travel: around a ring, over a binomial tree, or within islands (or sites) and then "
        "between them; a hierarchical team whose islands have become unequal by losses goes around one ring",
        json_schema_extra={
            "ja": "合計の経路。ring（リング）、tree（二項木）、hierarchical（島やサイトの中で、次にその間で）。"
            "hierarchical は障害で島の大きさが不揃いになると一つのリングになります"
        },
    )
    regrow_every: int = Field(
        default=0,
        ge=0,
        description="steps between looks of a team that has lost members for free workers; 0 means it stays as it is",
        json_schema_extra={"ja": "メンバーを失ったチームが空きワーカーを探すステップ間隔。0 なら縮んだまま"},
    )
    bucket_mb: float = Field(
        default=0.0,
        ge=0.0,
        le=1e6,
        description="megabytes of gradient that are summed beside the backward pass; 0 means all, after it",
        json_schema_extra={"ja": "逆方向の計算と並行して合計する勾配の大きさ（MB）。0 なら計算後にまとめて"},
    )

    @property
    def engines(self) -> tuple[str, ...]:
        simulated = self.bucket_mb or self.regrow_every or self.algorithm != "ring"  # gloo has but its own ring
        return ("simulated",) if simulated else ("simulated", "real")

    @property
    def learns(self) -> bool:
        return not self.bucket_mb

    @property
    def as_a_team(self) -> bool:
        return not self.bucket_mb

    def vital(self, team: int) -> int:
        return team if self.on_loss == "restart" or team == 1 else 0

    def idle(self, setting: Setting) -> dict[str, str]:
        found = {} if setting.lossy else {"on_loss": "idle-no-loss"}
        if setting.team(self.workers) == 1:
            found |= dict.fromkeys(("on_loss", "regrow_every", "algorithm"), "idle-one-member")
        elif self.on_loss == "restart":
            found["regrow_every"] = "idle-restarts"
        return found | super().idle(setting)

    @property
    def members(self) -> int:
        return self.workers

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        return dict.fromkeys(team, team[0]) if self.algorithm == "ring" else {}

    def program(self, me: str, job: TrainingJob) -> Part:
        team = job.team
        opened = yield job.perform("open", job.inputs)
        step, steps, samples = yield from resume(job, opened)
        total, tries = None, count()
        ranges = buckets.cut(opened["layer_bytes"], 1e6 * self.bucket_mb) if self.bucket_mb else []
        if self.bucket_mb and not ranges:
            raise StageFailed(job.stage, "the model has no layers by which its gradient could be cut")
        meetings = Meetings(me, job)
        if self.regrow_every and self.on_loss == "shrink" and len(team) > 1:
            team, step = yield from meetings.begin(opened, step)
        while step < steps:
            at = self._meets_at(job, team, step, steps)
            lost = None
            try:
                if ranges:
                    yield from buckets.step(me, job, team, next(tries), ranges, self.algorithm)
                else:
                    gradient = yield job.perform("gradient", [step, team.index(me), len(team)])
                    total = yield AllReduce(team, gradient, self.algorithm)
            except WorkerLost as raised:
                if self.on_loss == "restart":
                    raise
                lost = raised
            else:
                yield job.perform("apply", [step, total])
                yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
                if me == team[0] and self.is_checkpoint(step):
                    yield from checkpoint(job, step)
                step += 1
            if lost is not None or at:
                reached, verdict = step, (yield from _go_on(meetings, team, step, at, lost))
                if verdict is None:
                    return None
                team, step = verdict
                if step < reached:
                    yield job.perform("back", step)
        return (yield job.perform("finish")) if me == team[0] else None

    def _meets_at(self, job: TrainingJob, team: Team, step: int, steps: int) -> int:
        """The number of finished steps at which the team meets after this one; 0 if it does not."""
        every, after = self.regrow_every, step + 1
        short = len(team) < job.wanted and self.on_loss == "shrink"
        return after if every and short and after % every == 0 and after < steps else 0


def _go_on(
    meetings: Meetings, team: Team, step: int, at: int, lost: WorkerLost | None
) -> Generator[Operation, Any, Verdict]:
    """With whom to go on, and from which step on, where members meet at step `at` or one is lost."""
    if at and (lost is None or lost.worker != team[0]):
        gone = (lost.worker,) if lost is not None else ()
        team = tuple(member for member in team if member not in gone)
        try:
            return (yield from meetings.meet(team, step, at, gone))
        except WorkerLost as first:
            lost = first
    assert lost is not None
    return (yield from regroup(team, step, lost))
