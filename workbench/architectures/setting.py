"""The setting of an architecture: what of a scenario decides whether one of its parameters matters there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from workbench.architectures.plan import Plan
from workbench.document.scenario import Cluster, Fault, Scenario

SILENT_S = 10.0  # how long a member may be silent until it is declared lost, in both engines
MOST_STAGES = 64  # of pipelines whose width is looked for; a larger one counts as if all could overlap
SILENCES = ("freeze", "partition")  # kinds that keep a member from answering
NOBODY_IS_LOST = ("slow-down", "slow-link", "storage-full", "corrupt-checkpoint")


@dataclass(frozen=True)
class Setting:
    """What an architecture finds: `lossy` are the workers that a fault of the scenario may end.

    `most_of_an_item` is how many stages at most run for every item of a collection, 0 if none do.
    `wanted` is how many workers can be wanted at once, at most, and `tasks` for how many tasks.
    """

    workers: tuple[str, ...]
    trains: bool
    lossy: frozenset[str]
    loses_the_leader: bool
    wanted: int
    tasks: int
    most_of_an_item: int = 0

    def team(self, members: int) -> int:
        """How large a team is whose architecture asks for so many; 0 means all."""
        return min(members or len(self.workers), len(self.workers))


class Tunable(BaseModel):
    """Parameters of an architecture, and which of them change nothing where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def idle(self, setting: Setting) -> dict[str, str]:
        """Parameter -> code of the reason, for each whose value changes nothing of a run there, whatever it is.

        The word catalogue has a sentence for each code. What is not named here must change what happens.
        """
        return {}


def setting_of(scenario: Scenario, combination: str, plan: Plan, workers: tuple[str, ...]) -> Setting:
    """The setting in which a combination of a scenario works, by those of its cluster's workers that take part."""
    struck = [fault for fault in scenario.faults if not fault.only or combination in fault.only]
    wanted, tasks = most_at_once(plan)
    return Setting(
        workers=workers,
        trains=any(stage.team for stage in plan.stages),
        lossy=frozenset[str]().union(*(lost_by(fault, scenario.cluster) for fault in struck)) & set(workers),
        loses_the_leader=any(fault.kind == "leader-crash" for fault in struck),
        wanted=plan.instances * wanted,
        tasks=plan.instances * tasks,
        most_of_an_item=max((len(group.stages) for group in plan.groups), default=0),
    )


def lost_by(fault: Fault, cluster: Cluster) -> Iterable[str]:
    """The workers that a fault may end."""
    if fault.kind in NOBODY_IS_LOST or fault.kind == "leader-crash":
        return ()
    if fault.kind in SILENCES and fault.lasts is not None and fault.lasts <= SILENT_S:
        return ()
    return struck_by(fault, cluster) or (cluster.names if fault.every is not None else cluster.names[-1:])


def struck_by(fault: Fault, cluster: Cluster) -> tuple[str, ...]:
    """The workers that a fault names, all of which it strikes at once; none if it strikes whom it may."""
    if fault.rack is not None:
        return cluster.racks[fault.rack]
    return fault.workers or ((fault.worker,) if fault.worker else ())


def most_at_once(plan: Plan) -> tuple[int, int]:
    """How many (workers, tasks) one instance of a pipeline can want at once: its widest set of stages that may overlap.

    The width of a partial order is its size less a largest matching of what comes before and after (Dilworth, "A
    decomposition theorem for partially ordered sets", 1950).
    """
    if len(plan.stages) > MOST_STAGES:
        return sum(stage.team or 1 for stage in plan.stages), len(plan.stages)
    after = _reach(plan)
    alone = {stage.id for stage in plan.stages if not stage.team}
    workers, tasks = [_width(alone, after)], [_width(set(after), after)]
    for stage in plan.stages:
        if stage.team:
            beside = {name for name in alone if name not in after[stage.id] and stage.id not in after[name]}
            workers.append(stage.team + _width(beside, after))
    return max(workers), max(tasks)


def _reach(plan: Plan) -> dict[str, set[str]]:
    """Stage -> all that come after it; the plan holds no cycle."""
    direct = {stage.id: {other.id for other in plan.stages if stage.id in other.after} for stage in plan.stages}
    found: dict[str, set[str]] = {}

    def reach(name: str) -> set[str]:
        if name not in found:
            found[name] = set().union(*({other} | reach(other) for other in direct[name]))
        return found[name]

    for stage in plan.stages:
        reach(stage.id)
    return found


def _width(names: set[str], after: dict[str, set[str]]) -> int:
    before_of: dict[str, str] = {}

    def matched(name: str, seen: set[str]) -> bool:
        for other in sorted(after[name] & names - seen):
            seen.add(other)
            if other not in before_of or matched(before_of[other], seen):
                before_of[other] = name
                return True
        return False

    return len(names) - sum(matched(name, set()) for name in sorted(names))
