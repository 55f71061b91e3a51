"""The training architecture `all-to-all`: everybody sends its gradient to everybody."""

from __future__ import annotations

from pydantic import Field

from workbench.architectures.operations import Receive, Say, Send
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob, begin, checkpoint
from workbench.runs.events import StepsFinished


class AllToAll(TrainingArchitecture):
    """Each member sends its gradient of S bytes to the n-1 others, which add all up in the same order.

    A link carries (n-1) * S bytes a step where a ring's carries 2(n-1)/n * S: n/2 times as many. When a member is
    lost, the training begins again from its last checkpoint.
    """

    title = "All to all"
    title_ja = "全対全"
    doc = "Every worker sends its gradient to every other worker."
    doc_ja = "すべてのワーカーが、勾配を他のすべてのワーカーに送ります。"

    workers: int = Field(
        default=0,
        ge=0,
        description="members; 0 means every worker of the cluster",
        json_schema_extra={"ja": "メンバー数。0 ならクラスタの全ワーカー"},
    )

    @property
    def members(self) -> int:
        return self.workers

    @property
    def learns(self) -> bool:
        return True

    def program(self, me: str, job: TrainingJob) -> Part:
        team, own, tag = job.team, job.team.index(me), job.tag("gradient")
        step, steps, samples = yield from begin(job)
        while step < steps:
            gradient = yield job.perform("gradient", [step, own, len(team)])
            for other in team[own + 1 :] + team[:own]:
                yield Send(other, gradient, tag)
            gradients = []
            for other in team:
                if other == me:
                    gradients.append(gradient)
                else:
                    letter = yield Receive(other, tag, team=team)
                    gradients.append(letter.what)
            total = yield job.perform("sum", gradients)
            yield job.perform("apply", [step, total])
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if own == 0 and self.is_checkpoint(step):
                yield from checkpoint(job, step)
            step += 1
        return (yield job.perform("finish")) if own == 0 else None
