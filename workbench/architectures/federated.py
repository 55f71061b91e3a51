"""Federated training: clients train on data of their own, and a server averages what they learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from workbench.architectures.federated_data import Portion, divide
from workbench.architectures.operations import Now, Recall, Receive, Say, Send, TimedOut, WorkerLost
from workbench.architectures.random_streams import stream
from workbench.architectures.setting import Setting
from workbench.architectures.training import AtHome, Part, TrainingArchitecture, TrainingJob, checkpoint
from workbench.document.problems import Refused
from workbench.document.units import Seconds
from workbench.runs.events import StepsFinished

EVERY_CLIENT = "every client of the federated training"
AT_ONCE = 64  # letters taken together


@dataclass
class _Clients:
    """The clients of one training: those who are left, and which rows lie with each of all."""

    left: list[str]
    portions: dict[str, Portion]
    rows: dict[str, int]

    def lose(self, lost: WorkerLost) -> None:
        if lost.worker in self.left:
            self.left.remove(lost.worker)
            if not self.left:
                raise WorkerLost(EVERY_CLIENT) from lost


class Federated(TrainingArchitecture):
    """Federated averaging (McMahan et al., "Communication-efficient learning of deep networks from decentralized
    data", AISTATS 2017).

    In a round the server sends the weights to a random `fraction` of the clients; each trains on its own rows for
    `local_epochs`, in batches of the stage's size, and sends back by how much its weights have moved; the server moves
    by the mean of these, weighted by rows. A client of `dropout` bad luck never answers; after the `deadline` a round
    goes on with who has answered, and what comes later is thrown away.

    A step is a round, on as many samples as were trained on by those whose answer counts. The rows are taken to lie
    with the clients from the start: a client opens its stage where they lie, and nothing of its data is ever sent.
    """

    title = "Federated"
    title_ja = "連合学習"
    doc = "Clients train on data of their own; only what they learnt travels, and a server averages it."
    doc_ja = "各クライアントが手元のデータで学習し、その更新だけをサーバが集めて平均します。"

    clients: int = Field(
        default=0,
        ge=0,
        description="members beside the server; 0 means all that the cluster has besides",
        json_schema_extra={"ja": "サーバ以外のメンバー数。0 なら残り全員"},
    )
    rounds: int = Field(
        default=20,
        ge=1,
        le=1_000_000,
        description="how often updates are averaged; takes the place of the stage's epochs",
        json_schema_extra={"ja": "更新を平均する回数。ステージのエポック数の代わり"},
    )
    fraction: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="share of the clients that are asked in a round, at least one",
        json_schema_extra={"ja": "各ラウンドで選ぶクライアントの割合（最低 1 台）"},
    )
    local_epochs: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="how often a client goes through its rows in a round",
        json_schema_extra={"ja": "1 ラウンドでクライアントが手元のデータを見る回数"},
    )
    deadline: Seconds | None = Field(
        default=None,
        description="a round goes on with who has answered after this time; none waits for all",
        json_schema_extra={"ja": "この時間で回答済みのクライアントだけで先へ進む。空なら全員を待つ"},
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="probability that a client which was asked never answers",
        json_schema_extra={"ja": "選ばれたクライアントが回答しない確率"},
    )
    shares: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(),
        description="rows of each client, as shares; as many as all when empty",
        json_schema_extra={"ja": "各クライアントが持つデータの比。空なら均等"},
    )
    dirichlet: float | None = Field(
        default=None,
        gt=0,
        description="the smaller, the fewer classes a client has; none means that classes are even",
        json_schema_extra={"ja": "小さいほど各クライアントのクラスが偏る。空なら偏りなし"},
    )

    @model_validator(mode="after")
    def _every_knob_has_an_effect(self) -> Self:
        if self.dropout and self.deadline is None:
            raise Refused("dropout-without-deadline")
        if self.shares and self.dirichlet is not None:
            raise Refused("shares-and-dirichlet")
        if self.shares and self.clients not in (0, len(self.shares)):
            raise Refused("shares-of-others", shares=len(self.shares), clients=self.clients)
        return self

    @property
    def learns(self) -> bool:
        return True

    @property
    def members(self) -> int:
        clients = self.clients or len(self.shares)
        return clients + 1 if clients else 0

    @property
    def needed(self) -> int:
        return self.members or 2

    @property
    def least(self) -> int:
        return 2

    def vital(self, team: int) -> int:
        return 1

    def idle(self, setting: Setting) -> dict[str, str]:
        found = {"clients": "idle-clients-by-shares"} if self.shares else {}
        if setting.team(self.members) == 2:
            found |= dict.fromkeys(("fraction", "dirichlet"), "idle-one-member")
        if self.clients == 1 or len(setting.workers) == 2:
            found["shares"] = "idle-one-member"
        return found | super().idle(setting)

    def program(self, me: str, job: TrainingJob) -> Part:
        server, *clients = job.team
        if not clients:
            raise WorkerLost(EVERY_CLIENT)
        opened = yield job.perform("open", AtHome(job.inputs))
        args = (len(clients), opened["classes"], self.shares, self.dirichlet, job.seed, job.replication)
        portions = dict(zip(clients, divide(*args), strict=True))
        rows = {client: portion.of_even_classes(opened["rows"]) for client, portion in portions.items()}
        if me == server:
            return (yield from self._serve(job, _Clients(list(clients), portions, rows)))
        return (yield from self._take_part(me, server, job, portions[me], rows[me]))

    # --- the server --------------------------------------------------------------------------------------------------

    def _serve(self, job: TrainingJob, clients: _Clients) -> Part:
        rounds, number = min(self.rounds, job.most_steps or self.rounds), 0
        saved = yield Recall(job.checkpoint_key)
        if job.checkpoint_key in saved:
            number, state = saved[job.checkpoint_key]
            yield job.perform("restore", state)
        weights = yield job.perform("weights")
        while number < rounds:
            asked = self._choose(job, clients, number)
            for client in asked:
                yield Send(client, [number, weights], job.tag("round"))
            answers = yield from self._collect(job, clients, number, asked)
            if answers:
                yield job.perform("average", answers)
                weights = yield job.perform("weights")
            samples = self.local_epochs * sum(rows for rows, _ in answers)
            yield Say(
                StepsFinished(first=number, last=number, samples=samples, of=rounds, stage=job.stage, item=job.of)
            )
            if self.is_checkpoint(number):
                yield from checkpoint(job, number)
            number += 1
        for client in clients.left:
            yield Send(client, None, job.tag("round"))
        return (yield job.perform("finish"))

    def _choose(self, job: TrainingJob, clients: _Clients, number: int) -> list[str]:
        """Those who are asked in this round; who has no rows has nothing to say."""
        everybody = [client for client, rows in clients.rows.items() if rows]
        order = stream(job.seed, "asked", number, job.replication).permutation(len(everybody))
        left = [everybody[place] for place in order if everybody[place] in clients.left]
        return left[: max(1, round(self.fraction * len(everybody)))]

    def _collect(self, job: TrainingJob, clients: _Clients, number: int, asked: list[str]) -> Part:
        """[rows, update] of each client that has answered this round in time, in the order in which they were asked."""
        began_s = yield Now()
        answers: dict[str, list[Any]] = {}
        while any(client in clients.left and client not in answers for client in asked):
            left_s = None
            if self.deadline is not None:
                left_s = max(0.0, began_s + self.deadline - (yield Now()))
            try:
                letters = yield Receive(tag=job.tag("update"), most=AT_ONCE, timeout_s=left_s)
            except TimedOut:
                break
            except WorkerLost as lost:
                clients.lose(lost)
                continue
            for letter in letters:
                if letter.what[0] == number:
                    answers[letter.sender] = letter.what[1:]
        return [answers[client] for client in asked if client in answers]

    # --- a client ----------------------------------------------------------------------------------------------------

    def _take_part(self, me: str, server: str, job: TrainingJob, portion: Portion, rows: int) -> Part:
        while True:
            letters = yield Receive(server, job.tag("round"), most=AT_ONCE)
            if letters[-1].what is None:
                return None
            number, weights = letters[-1].what  # who was too slow for a round goes on with the newest
            if stream(job.seed, "dropout", me, number, job.replication).random() < self.dropout:
                continue
            yield job.perform("load", weights)
            learn = {
                "round": number,
                "epochs": self.local_epochs,
                "first": list(portion.first),
                "end": list(portion.end),
            }
            update = yield job.perform("local", learn)
            yield Send(server, [number, rows, update], job.tag("update"))
