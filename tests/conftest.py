"""What several rooms of tests share: running one combination on one engine, in a folder of the test's own."""

import pytest
from hypothesis import settings
from samples import SCENARIOS, SMALL

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.folder import RunWriter, read_run

settings.register_profile("untimed", deadline=None)  # how fast an example is depends on what else the machine does
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """What the Workbench keeps for its user (trust, settings) must not come from, or go to, whoever runs the tests."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))


class Runner:
    """Runs combinations in folders of one test."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def __call__(self, engine, combination, text=SMALL, beside=SCENARIOS, control=None, prepare=None, **more):
        """The events of one run, and its folder as `runner.last`."""
        document = read(text)
        assert not document.refused, [str(p) for p in document.refused]
        self.count += 1
        self.last = self.folder / f"{self.count}-{engine}-{combination}"
        chosen = document.scenario.combination(combination)
        with RunWriter(self.last, text) as writer:
            arguments = (document.scenario, chosen, beside, writer, control or Control())
            if engine == "simulated":
                from workbench.engines.simulated.run import SimulatedRun

                self.run = SimulatedRun(*arguments, **more)
            else:
                from workbench.engines.real.run import RealRun

                self.run = RealRun(*arguments, **more)
            if prepare:
                prepare(self.run)
            self.outcome = self.run.carry_out()
        return read_run(self.last)


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path / "runs")
