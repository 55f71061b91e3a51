"""The world of a long training: what a team takes for its steps, which is the same in every replication of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.architectures.job import Job
from workbench.architectures.training import TrainingJob
from workbench.document.scenario import Combination, Scenario
from workbench.engines.simulated.memory import Memory
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.steady.passages import Passages
from workbench.engines.simulated.steady.workers import Team
from workbench.engines.simulated.team.interpreter import Alike
from workbench.engines.simulated.work import Work


class TeamWorld:
    """Network, workers and the passages of every team that was carried out in them so far.

    Nothing in it depends on a replication: what is drawn at random is when members are lost, not how long they take.
    """

    def __init__(self, scenario: Scenario, folder: Path, job: Job):
        links, pools = scenario.cluster.network, scenario.cluster.workers
        self.job, self.steps, self.seed = job, scenario.run.steps, scenario.run.seed
        self.stage = scenario.pipeline.stages[0].id
        self.network = Network(links.bandwidth, links.latency, links.collectives)
        self.work = Work(scenario, folder, scenario.run.seed, 0, self.network)
        self.memory = Memory(job.training, job.followers[: job.team_size], self.work.step_costs, scenario.cluster)
        self.work.unfit = self.memory.unfit
        self.kinds = np.repeat(np.arange(len(pools)), [pool.count for pool in pools])
        self.of_one_kind = len(pools) == 1
        self.known: dict[bytes | int, Passages] = {}

    def passages_of(self, team: Team) -> Passages:
        """Those of a team whose members are of the same kinds in the same order are the same."""
        kinds = self.kinds[: len(team)] if self.of_one_kind else np.concatenate([self.kinds[p] for p in team.parts])
        key = len(team) if self.of_one_kind else kinds.tobytes()
        if key not in self.known:
            job = TrainingJob(self.stage, "", {}, team.names, 0, self.steps, self.seed)
            self.known[key] = Passages(self.network, self.work, self.job.training, job, Alike(kinds))
        return self.known[key]


_last: tuple[Scenario, Combination, Path, TeamWorld] | None = None  # of this process: replications follow one another


def team_world(scenario: Scenario, combination: Combination, folder: Path, job: Job) -> TeamWorld:
    """The world of this combination, as the run before left it if it was one of the same documents.

    Documents are frozen, so that the same object means the same: what a run tells does not depend on what was before.
    """
    global _last
    if _last is None or _last[0] is not scenario or _last[1] is not combination or _last[2] != folder:
        _last = (scenario, combination, folder, TeamWorld(scenario, folder, job))
    return _last[3]
