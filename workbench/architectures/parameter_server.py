"""Data-parallel training by a synchronous parameter server: one member holds the weights, the others compute."""

from pydantic import Field

from workbench.architectures.operations import Receive, Say, Send, WorkerLost
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob, begin, checkpoint
from workbench.runs.events import StepsFinished


class ParameterServer(TrainingArchitecture):
    """Workers push gradients to the server, which sums them, updates the weights and sends them back.

    The server's link carries n weights out and n gradients in at each step. A gradient comes back while later weights
    still go out, so that a step's communication takes (n+1) * S/B + 2 * L for n equal workers: it grows with
    their number (Li et al., "Scaling distributed machine learning with the parameter server", OSDI 2014).
    """

    title = "Parameter server"
    title_ja = "パラメータサーバ"
    doc = "One member holds the weights; the workers send gradients and fetch the new weights at every step."
    doc_ja = "1 台が重みを保持し、各ワーカーは毎ステップ勾配を送って新しい重みを受け取ります。"

    workers: int = Field(default=0, ge=0, description="workers beside the server; 0 means all but one of the cluster's")

    @property
    def members(self) -> int:
        return self.workers + 1 if self.workers else 0

    @property
    def needed(self) -> int:
        return self.members or 2

    def program(self, me: str, job: TrainingJob) -> Part:
        server, *workers = job.team
        if not workers:
            raise WorkerLost("every worker of the parameter server")
        if me == server:
            return (yield from self._serve(job, workers))
        return (yield from self._work(me, server, workers, job))

    def _serve(self, job: TrainingJob, workers: list[str]) -> Part:
        step, steps, samples = yield from begin(job)
        weights = yield job.perform("weights")
        while True:
            for worker in workers:
                yield Send(worker, [step, steps, workers, weights], job.tag("weights"))
            if step == steps:
                return (yield job.perform("finish"))
            shares = yield from self._collect(job, workers)
            if not shares:
                raise WorkerLost("every worker of the parameter server")
            total = yield job.perform("sum", shares)
            yield job.perform("apply", [step, total])
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step):
                yield from checkpoint(job, step)
            step += 1
            weights = yield job.perform("weights")

    def _collect(self, job: TrainingJob, workers: list[str]) -> Part:
        """One gradient from each worker, in the order of the team; a lost worker's share is left out of this step."""
        shares = []
        for worker in list(workers):
            try:
                letter = yield Receive(worker, job.tag("gradient"))
            except WorkerLost:
                workers.remove(worker)
            else:
                shares.append(letter.what)
        return shares

    def _work(self, me: str, server: str, workers: list[str], job: TrainingJob) -> Part:
        yield job.perform("open", job.inputs)
        while True:
            letter = yield Receive(server, job.tag("weights"))
            step, steps, workers, weights = letter.what
            if step == steps:
                return None
            yield job.perform("load", weights)
            gradient = yield job.perform("gradient", [step, workers.index(me), len(workers)])
            yield Send(server, gradient, job.tag("gradient"))
