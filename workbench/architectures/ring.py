"""Data-parallel training by ring all-reduce: every member holds all weights and a share of each batch."""

from typing import Literal

from pydantic import Field

from workbench.architectures.operations import AllReduce, Say, WorkerLost
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob, begin, checkpoint, regroup
from workbench.runs.events import StepsFinished


class RingAllReduce(TrainingArchitecture):
    """Each member adds its share of the gradient to a running sum that travels around the ring.

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

    @property
    def members(self) -> int:
        return self.workers

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        return dict.fromkeys(team, team[0])

    def program(self, me: str, job: TrainingJob) -> Part:
        team = job.team
        step, steps, samples = yield from begin(job)
        while step < steps:
            try:
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
