"""When faults strike: random times of a given distribution, and traces."""

import itertools
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SMALL

from workbench.architectures.check import check_all
from workbench.architectures.fault_traces import MOST_PROBLEMS, with_traces
from workbench.architectures.job import strikes_by_time
from workbench.document.scenario import Cluster, Combination, Fault, Scenario, WorkerPool
from workbench.runs.events import FaultBegan, FaultEnded, WorkerFailed

RING = Combination(id="ring")
TRACED = SMALL.replace("epochs: 3", "epochs: 60") + "faults:\n  - {kind: crash, trace: log.csv}\n"


def gaps(count, seed=0, **fault):
    scenario = Scenario(cluster=Cluster(workers=(WorkerPool(count=3),)), faults=(Fault(kind="crash", **fault),))
    at = [strike.at_s for strike in itertools.islice(strikes_by_time(scenario, RING, seed), count)]
    return [later - earlier for earlier, later in itertools.pairwise([0.0, *at])]


@pytest.mark.parametrize("shape", [0.5, 0.7, 1.0, 1.5, 3.0])
def test_times_between_faults_have_the_mean_that_is_given_and_the_spread_of_their_shape(shape):
    found = gaps(20_000, every=100.0, shape=shape)
    spread = math.sqrt(math.gamma(1 + 2 / shape) / math.gamma(1 + 1 / shape) ** 2 - 1)
    assert statistics.mean(found) == pytest.approx(100.0, rel=4 * spread / math.sqrt(20_000))
    assert statistics.stdev(found) / statistics.mean(found) == pytest.approx(spread, rel=0.06)


@given(shape=st.floats(0.5, 4.0), seed=st.integers(0, 100))
def test_a_share_of_times_by_the_distribution_function_lies_below_any_time(shape, seed):
    scale = 10.0 / math.gamma(1 + 1 / shape)
    below = sum(gap < scale for gap in gaps(2000, seed, every=10.0, shape=shape)) / 2000
    assert below == pytest.approx(1 - math.exp(-1), abs=5 * math.sqrt(0.24 / 2000))


def test_a_shape_of_one_is_the_exponential_distribution_draw_by_draw():
    assert gaps(100, every=5.0) == gaps(100, every=5.0, shape=1.0) != gaps(100, every=5.0, shape=1.1)


# --- traces --------------------------------------------------------------------------------------------------------


def test_the_faults_of_a_trace_strike_when_and_whom_it_says(runner, tmp_path):
    (tmp_path / "log.csv").write_text(
        "kind, at, worker, lasts\nfreeze, 300 ms, w1, 20 ms\nslow-down, 0.1, w0, 50 ms\n,0.2,w2,\n"
    )
    events = runner("simulated", "ring", TRACED, beside=tmp_path)
    assert [(e.kind, e.worker, e.t_s) for e in events if isinstance(e, FaultBegan)] == [
        ("slow-down", "w0", 0.1),
        ("crash", "w2", 0.2),
        ("freeze", "w1", 0.3),
    ]
    assert [e.worker for e in events if isinstance(e, WorkerFailed)] == ["w2"]
    assert [(e.kind, e.t_s) for e in events if isinstance(e, FaultEnded)] == [
        ("slow-down", pytest.approx(0.15)),
        ("freeze", pytest.approx(0.32)),
    ]


def test_a_trace_strikes_only_whom_its_fault_says_and_leaves_random_ones_their_draws(tmp_path):
    (tmp_path / "log.csv").write_text("at,worker\n1,w0\n2,w1\n")
    random = Fault(kind="freeze", every=3.0)
    traced = Scenario(faults=(Fault(kind="crash", trace="log.csv", only=("ring",)), random))
    alone = Scenario(faults=(Fault(kind="crash", at=1.0, worker="w0"), random))
    scenario = with_traces(traced, tmp_path)

    def freezes(scenario):
        drawn = (strike for strike in strikes_by_time(scenario, RING) if strike.kind == "freeze")
        return [strike.at_s for strike in itertools.islice(drawn, 9)]

    assert freezes(scenario) == freezes(alone)
    assert [fault.at for fault in scenario.faults] == [1.0, None, 2.0]
    assert {strike.kind for strike in itertools.islice(strikes_by_time(scenario, Combination(id="x")), 9)} == {"freeze"}


def told(tmp_path, written, text=TRACED):
    if written is not None:
        (tmp_path / "log.csv").write_text(written)
    return [problem.words() for problem in check_all(text, tmp_path).problems]


def test_a_trace_without_mistakes_is_allowed(tmp_path):
    assert told(tmp_path, "at,kind,worker,lasts\n1,crash,w0,2 s\n3,leader-crash,,\n") == []


def test_all_mistakes_of_a_trace_are_told_at_once_each_with_its_line(tmp_path):
    written = "at,worker,kind\n1,w0,\nsoon,w1,crash\n3,w7,crash\n4,,freeze\n5,w0,explode\n6,w0,crash,7,8\n,w0,crash\n"
    assert told(tmp_path, written) == [
        "log.csv, line 3: 'soon' is no quantity; write for example '10 ms'",
        "log.csv, line 4: there is no worker 'w7'; did you mean 'w2'?",
        "log.csv, line 5: the fault does not say which worker it strikes",
        "log.csv, line 6: 'explode' is none of crash, freeze, leader-crash, slow-down, slow-link, partition, "
        "storage-full, corrupt-checkpoint",
        "log.csv, line 7: a line has at most 4 cells",
        "log.csv, line 8: the fault says no time: write one of at, at_step and every",
    ]
    japanese = [problem.words("ja") for problem in check_all(TRACED, tmp_path).problems]
    assert japanese[1] == "log.csv 4 行目: ワーカー「w7」はありません。「w2」ではありませんか?"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "there is no file log.csv"),
        ("", "log.csv has no column 'at'; its first line names the columns"),
        ("1,crash,w0\n", "log.csv has a column '1'; a trace has at, kind, worker and lasts"),
        (
            "at,kind,workre\n",
            "log.csv has a column 'workre'; a trace has at, kind, worker and lasts; did you mean 'worker'?",
        ),
        ("at,kind,worker\n", "log.csv holds no faults"),
    ],
)
def test_a_file_that_is_no_trace_is_refused(tmp_path, written, said):
    assert said in told(tmp_path, written)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "log.csv").write_bytes(b"at,kind\n\xff\xfe\x00")
    assert told(tmp_path, None) == ["log.csv is no CSV file in UTF-8"]


def test_a_long_list_of_mistakes_is_cut_off(tmp_path):
    assert len(told(tmp_path, "at,worker\n" + "1,w9\n" * 1000)) == MOST_PROBLEMS


def test_who_a_trace_may_end_decides_what_a_parameter_of_losses_changes(tmp_path):
    written = TRACED.replace("workers: 2}}}", "workers: 2, on_loss: restart}}}", 1)
    assert told(tmp_path, "at,worker\n1,w0\n", written) == []
    (sentence,) = told(tmp_path, "at,kind,worker\n1,slow-down,w0\n", written)
    assert "no fault of this scenario ends a worker" in sentence
