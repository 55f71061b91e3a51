"""Data-parallel training by ring all-reduce: every member holds all weights and a share of each batch."""

from itertools import count
from typing import Literal

from pydantic import Field

from workbench.architectures import buckets
from workbench.architectures.operations import AllReduce, Say, StageFailed, WorkerLost
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob, checkpoint, regroup, resume
from workbench.runs.events import StepsFinished


class RingAllReduce(TrainingArchitecture):
    """Each member adds its share of the gradient to a running sum that travels around the ring.

    With buckets, parts of the gradient are summed while the backward pass still computes those of earlier layers.
    One all-reduce of S bytes over n members takes 2(n-1)/n * S/B + 2(n-1) * L on links of bandwidth B and latency L
    (Patarasu and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009).
    """

    title = "Ring all-reduce"
    title_ja = "リング all-reduce"
    doc = "All workers hold the whole model; gradients are summed around a ring after each step."
    doc_ja = "全ワーカーがモデル全体を持ち、各ステップの後に勾配をリング上で合計します。"

    workers: int = Field(default=0, ge=0, description="members of the ring; 0 means every worker of the cluster")
    on_loss: Literal["shrink", "restart"] = Field(
        default="shrink", description="go on with the survivors, or begin again from the last checkpoint"
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
        return ("simulated",) if self.bucket_mb else ("simulated", "real")

    @property
    def learns(self) -> bool:
        return not self.bucket_mb

    def vital(self, team: int) -> int:
        return team if self.on_loss == "restart" or team == 1 else 0

    def idle(self, setting: Setting) -> dict[str, str]:
        found = {} if setting.lossy else {"on_loss": "idle-no-loss"}
        if setting.team(self.workers) == 1:
            found["on_loss"] = "idle-one-member"
        return found | super().idle(setting)

    @property
    def members(self) -> int:
        return self.workers

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        return dict.fromkeys(team, team[0])

    def program(self, me: str, job: TrainingJob) -> Part:
        team = job.team
        opened = yield job.perform("open", job.inputs)
        step, steps, samples = yield from resume(job, opened)
        total, tries = None, count()
        ranges = buckets.cut(opened["layer_bytes"], 1e6 * self.bucket_mb) if self.bucket_mb else []
        if self.bucket_mb and not ranges:
            raise StageFailed(job.stage, "the model has no layers by which its gradient could be cut")
        while step < steps:
            try:
                if ranges:
                    yield from buckets.step(me, job, team, next(tries), ranges)
                else:
                    gradient = yield job.perform("gradient", [step, team.index(me), len(team)])
                    total = yield AllReduce(team, gradient)
            except WorkerLost as lost:
                if self.on_loss == "restart":
                    raise
                reached = step
                team, step = yield from regroup(team, step, lost)
                if step < reached:
                    yield job.perform("back", step)
                continue
            yield job.perform("apply", [step, total])
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if me == team[0] and self.is_checkpoint(step):
                yield from checkpoint(job, step)
            step += 1
        return (yield job.perform("finish")) if me == team[0] else None
