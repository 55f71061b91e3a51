"""Team level: whether a combination of a scenario can be simulated once for its whole team instead of once a member."""

from __future__ import annotations

from workbench.architectures.job import Job, is_training, strikes_by_step
from workbench.architectures.setting import lost_by
from workbench.architectures.single_leader import SingleLeader
from workbench.document.scenario import Combination, Scenario

LARGE_TEAM = 256  # members, above which the team level is chosen where nothing hinders it


def is_chosen(scenario: Scenario, combination: Combination, job: Job) -> bool:
    """Whether a simulated run is carried out at team level; the scenario must have been checked."""
    if scenario.run.fidelity != "auto":
        return scenario.run.fidelity == "team"
    return job.team_size > LARGE_TEAM and not hindrance(scenario, combination, job)


def hindrance(scenario: Scenario, combination: Combination, job: Job) -> str:
    """What stands against it, as a code of the word catalogue; empty where nothing does."""
    stages, links = scenario.pipeline.stages, scenario.cluster.network
    training, leader = job.training, job.orchestration
    struck = [fault for fault in scenario.faults if not fault.only or combination.id in fault.only]
    lossy = any(lost for fault in struck for lost in lost_by(fault, scenario.cluster))
    several = any(fault.workers or fault.rack is not None for fault in struck)
    others = any(fault.kind != "crash" for fault in struck) or bool(strikes_by_step(scenario, combination))
    varied = any(pool.variation for pool in scenario.cluster.workers)
    found = {
        "team-one-training": len(stages) != 1 or not is_training(stages[0].use) or bool(scenario.pipeline.groups),
        "team-at-once": scenario.workload.instances > 1 or job.plan.arrive_later,
        "team-leader": not isinstance(leader, SingleLeader) or bool(leader.decision or leader.poll),
        "team-letters": not training.as_a_team,
        "team-survivors": lossy and training.vital(job.team_size) < job.team_size,
        "team-crashes": several or others,
        "team-links": links.topology != "switch" or links.sharing == "fair" or bool(scenario.cluster.own_bandwidths),
        "team-variation": scenario.run.learn or varied,
    }
    return next((code for code, hinders in found.items() if hinders), "")
