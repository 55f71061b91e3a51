"""Hosts: one contract for the processes of this machine and those of a Dask cluster, and the same runs on both."""

import os
import signal
import time

import pytest
from theatre import QUICK, Stage

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.errors import CannotRun
from workbench.engines.real import dask_hosts
from workbench.engines.real.dask_hosts import DaskHosts
from workbench.engines.real.hosts import LocalHosts
from workbench.engines.real.run import RealRun
from workbench.runs.events import OperationStarted, Recorded, StepsFinished, WorkerFailed, WorkerJoined
from workbench.runs.folder import RunWriter, read_run

TEXT = """
format: 1
name: Stages on hosts
pipeline:
  stages:
    - {id: cases, use: synthetic, with: {rows: 100000, features: 20}}
    - {id: prepare, use: prepare}
    - {id: reduce, use: pca, with: {components: 16}}
    - {id: fit, use: estimator}
    - {id: evaluate, use: evaluate}
  links:
    - cases.table -> prepare.table
    - prepare.dataset -> reduce.dataset
    - reduce.dataset -> fit.dataset
    - fit.model -> evaluate.model
    - reduce.dataset -> evaluate.dataset
cluster:
  workers: [{id: w, count: 2, accelerator: cpu-core, memory: 8 GB}]
  network: {bandwidth: 8 Gbit/s, latency: 150 us, collectives: gloo}
architectures:
  - id: ring
    training: {use: ring-all-reduce}
run: {seed: 5}
"""


@pytest.fixture(scope="module")
def scheduler():
    """A Dask cluster of two worker processes."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.worker.daemon": False}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
    ):
        yield cluster.scheduler_address


@pytest.fixture(params=["local", "dask"])
def hosts(request):
    hosts = LocalHosts() if request.param == "local" else DaskHosts(request.getfixturevalue("scheduler"))
    until_s = time.monotonic() + 120
    while not hosts.ready():
        assert time.monotonic() < until_s
        time.sleep(0.1)
    return hosts


@pytest.fixture
def stage(tmp_path, hosts):
    stage = Stage(tmp_path)
    stage.hosts = hosts
    yield stage
    stage.supervisor.stop()
    assert all(life.process.join(5.0) is not None for life in stage.supervisor.lives.values())
    assert not stage.supervisor.scratch.exists()


def test_letters_and_sums_are_the_same_on_all_hosts(stage):
    team = ("w0", "w1", "w2")
    answers = stage.play("ring", team, size=1000)
    assert answers == {member: [True, 999.0 * 6, 8] for member in team}


def test_a_member_that_is_killed_is_declared_lost_and_the_others_go_on(stage):
    stage.begin("survivors", ("w0", "w1", "w2"), steps=4000)
    stage.until(lambda: len(stage.told(StepsFinished)) > 30)
    stage.supervisor.kill("w1")
    answers = stage.end()
    assert set(answers) == {"w0", "w2"}
    assert [(event.worker, event.cause) for event in stage.told(WorkerFailed)] == [("w1", "crash")]


def test_a_member_that_is_frozen_does_nothing_until_it_is_thawed(stage):
    stage.begin("survivors", ("w0", "w1"), steps=2000, limits=QUICK)
    stage.until(lambda: len(stage.told(StepsFinished)) > 10)
    stage.supervisor.freeze("w1")
    stage.until(lambda: stage.supervisor.watchdog.silent(stage.supervisor._polled_s + 0.3))
    assert stage.supervisor.thaw("w1")
    assert set(stage.end()) == {"w0", "w1"}
    assert not stage.told(WorkerFailed)


# --- whole runs -------------------------------------------------------------------------------------------------------


def carried_out(folder, cluster="", at_stage=None):
    """The events of a run; `at_stage(run, stage, who)` is called when work on a stage begins."""
    scenario = read(TEXT).scenario
    with RunWriter(folder, TEXT) as writer:
        run = RealRun(scenario, scenario.architectures[0], folder, writer, Control(), fresh=True, cluster=cluster)
        write = run.supervisor.gathering._write

        def watched(event):
            write(event)
            if at_stage and isinstance(event, OperationStarted) and event.stage:
                at_stage(run, event.stage, event.who)

        run.supervisor.gathering._write = watched
        assert run.carry_out() == "finished"
    return read_run(folder)


def outputs(folder):
    """The digests of all values that the run has left."""
    return sorted(path.name for path in (folder / "artifacts").rglob("*") if path.is_file())


def done(events):
    return sorted(event.key for event in events if isinstance(event, Recorded) and event.kind == "done")


def test_a_run_on_a_cluster_leaves_the_outputs_that_it_leaves_here(tmp_path, scheduler):
    here = carried_out(tmp_path / "here")
    there = carried_out(tmp_path / "there", scheduler)
    assert done(here) == done(there) == ["cases", "evaluate", "fit", "prepare", "reduce"]
    assert outputs(tmp_path / "here") == outputs(tmp_path / "there") != []


def test_a_worker_of_the_cluster_that_is_killed_takes_its_member_along_and_nothing_is_lost(tmp_path, scheduler):
    killed = []

    def kill_its_worker(run, stage, who):
        if stage == "cases" and not killed:
            places = run.supervisor.hosts.places
            os.kill(pids[places[who]], signal.SIGKILL)
            killed.append({member for member, at in places.items() if at == places[who]})

    asked = DaskHosts(scheduler)
    pids = asked.pids()
    asked.close()
    carried_out(tmp_path / "undisturbed")
    events = carried_out(tmp_path / "struck", scheduler, kill_its_worker)
    lost = {event.worker for event in events if isinstance(event, WorkerFailed)}
    assert lost == killed[0]
    assert {event.worker for event in events if isinstance(event, WorkerJoined)} == lost & {"leader"}
    assert done(events) == ["cases", "evaluate", "fit", "prepare", "reduce"]
    assert outputs(tmp_path / "undisturbed") == outputs(tmp_path / "struck")


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(dask_hosts, "_CONNECT_S", 0.5)
    with pytest.raises(CannotRun, match="no Dask scheduler answers"):
        DaskHosts("tcp://127.0.0.1:9")
