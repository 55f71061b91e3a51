"""Orchestration without a leader: every worker owns partitions of the instances by lease, and schedules them itself."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from workbench.architectures.operations import Now, Program, Recall, Record, Say, Send, Wait
from workbench.architectures.orchestration import SOURCE, Orchestration, OrchestrationArchitecture
from workbench.architectures.owner import NEWS, Owner, key_of
from workbench.architectures.setting import SILENT_S
from workbench.document.units import Seconds
from workbench.runs.events import Recorded

REST_LEASES = 4  # a lease ends, its name is found free, and work goes on well within so many leases


class SharedNothing(OrchestrationArchitecture):
    """Instance i belongs to partition i mod `partitions`, and whoever holds its lease records what is done of it.

    A worker renews its leases three times while they last; those of a lost one end, and the others take them over
    (Gray and Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file cache consistency", SOSP
    1989). A record is made under the lease, so that an owner that was thought dead changes nothing (fencing). One
    training goes on at a time, by whoever holds the lease of that.
    """

    title: ClassVar[str] = "Shared-nothing"
    title_ja: ClassVar[str] = "シェアードナッシング"
    doc: ClassVar[str] = "Workers own disjoint partitions of the workflows by lease; nobody leads."
    doc_ja: ClassVar[str] = "各ワーカーがリースで別々の区画を所有し、リーダーはいません。"

    followers: int = Field(default=0, ge=0, description="how many workers take part; 0 means all of them")
    partitions: int = Field(
        default=32,
        ge=1,
        le=4096,
        description="parts into which the instances are divided; a worker owns an even share of them",
        json_schema_extra={"ja": "インスタンスを分ける区画の数。ワーカーが均等に所有"},
    )
    lease: Seconds = Field(
        default=5.0,
        gt=0,
        description="time for which a partition stays with a worker that says nothing",
        json_schema_extra={"ja": "応答のないワーカーに区画が残る時間"},
    )
    decision: Seconds = Field(
        default=0.0,
        ge=0,
        description="time an owner takes to begin a task, and for each result that it records",
        json_schema_extra={"ja": "所有者がタスクを始める時間、および結果を 1 件記録する時間"},
    )
    poll: Seconds = Field(
        default=0.0,
        ge=0,
        description="time between an owner's looks for tasks that are ready; 0 means that it acts on every event",
        json_schema_extra={"ja": "所有者が実行可能なタスクを確認する間隔。0 ならイベントごとに動く"},
    )

    @property
    def idle_s(self) -> float:
        return max(SILENT_S, REST_LEASES * self.lease)

    def deciders(self, followers: tuple[str, ...]) -> tuple[str, ...]:
        return followers

    def programs(self, orchestration: Orchestration) -> dict[str, Any]:
        knobs = (self.partitions, self.lease, self.decision, self.poll)
        programs: dict[str, Any] = {
            worker: lambda me=worker: Owner(me, orchestration, *knobs).program() for worker in orchestration.followers
        }
        if orchestration.plan.arrive_later:
            programs[SOURCE] = lambda: submit(orchestration, self.partitions)
        return programs


def submit(work: Orchestration, partitions: int) -> Program:
    """The source: records that an instance was submitted, and only then looks who owns its partition, and tells it.

    Whoever owns it by then has either been told, or recalls after the record. In a run that is resumed the times count
    from its first start, and what was recorded is not submitted again.
    """
    began_s = (yield Now()) - work.gone_on_s
    for instance, at_s in enumerate(work.arrivals_s):
        key = key_of(instance % partitions, "submitted", instance)
        if at_s < work.gone_on_s and key in (yield Recall(key)):
            continue
        left_s = began_s + at_s - (yield Now())
        if left_s > 0:
            yield Wait(left_s)
        number, name = instance % partitions, work.plan.name(instance)
        yield Say(Recorded(kind="arrived", key=name))
        yield Record(((key, True),))
        yield Say(Recorded(kind="submitted", key=name))
        owners = yield Recall("lease/partition/")
        owner = owners.get(f"lease/partition/{number}")
        if owner is not None:
            yield Send(owner[0], {"submitted": instance}, NEWS)
