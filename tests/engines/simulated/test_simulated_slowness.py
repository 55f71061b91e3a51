"""Workers and links that are slower for a while."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SMALL

from workbench.architectures.operations import AllReduce, Perform, Receive, Send, Together
from workbench.document.scenario import Network as Links
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.flows.incremental import IncrementalNetwork
from workbench.engines.simulated.network import CONTROL_BYTES, Blob, Network
from workbench.engines.simulated.paces import Paces
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.world import World
from workbench.runs.events import FaultBegan, FaultEnded, OperationFinished, StepsFinished, WorkerFailed

WORK_S, B, L = 10.0, 1e6, 1e-3
LONG = SMALL.replace("epochs: 3", "epochs: 100")


class Work:
    def __init__(self):
        self.paces = Paces()

    def seconds(self, member, operation, now_s):
        self.paces.busy_from_s[member] = now_s
        return WORK_S * self.paces.times(member)

    def answer(self, member, operation):
        return Blob(0)

    def inputs(self, member, operation):
        return []


def play(programs, before=lambda world: None, fair=False, topology="switch", collectives="ideal", **links):
    """When each program has ended."""
    network = Links(bandwidth=B, topology=topology, **links)
    laid = lay(network, tuple(programs), ()) if fair else None
    world = World(Network(B, L, collectives, laid), Work(), lambda event, who: None)
    ended_s = {}

    def timed(name, program):
        yield from program
        ended_s[name] = world.clock.now

    for name, program in programs.items():
        world.add(name, timed(name, program))
    world.start(programs)
    before(world)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 1000)
    return ended_s


def at(world, t_s, action, *arguments):
    world.clock.call_at(t_s, lambda _: action(*arguments))


def slowed(world, factor, from_s, to_s, name="a"):
    at(world, from_s, world.work.paces.slow, world, name, factor)
    at(world, to_s, world.work.paces.recover, world, name, factor)


def work(times=1):
    for _ in range(times):
        yield Perform("x")


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


@given(factor=st.floats(1.01, 50), from_s=st.floats(0, 29), lasts_s=st.floats(0.01, 100), times=st.integers(1, 3))
def test_a_slow_down_by_f_for_d_seconds_delays_work_by_d_less_what_was_done_in_it(factor, from_s, lasts_s, times):
    whole_s = times * WORK_S
    from_s = min(from_s, whole_s - 0.5)
    ended_s = play({"a": work(times)}, lambda world: slowed(world, factor, from_s, from_s + lasts_s))["a"]
    done_in_it_s = lasts_s / factor
    if from_s + done_in_it_s < whole_s:
        assert ended_s == pytest.approx(whole_s + lasts_s * (1 - 1 / factor))
    else:
        assert ended_s == pytest.approx(from_s + factor * (whole_s - from_s))


def test_slow_downs_at_the_same_time_multiply_and_end_one_by_one():
    def both(world):
        slowed(world, 2, 1, 9)
        slowed(world, 4, 3, 7)

    # 1 s, then 2 s at a half, 4 s at an eighth, 2 s at a half, and the rest
    assert play({"a": work()}, both)["a"] == pytest.approx(9 + (WORK_S - 1 - 1 - 0.5 - 1))


def test_the_work_in_the_hand_of_a_frozen_worker_is_stretched_too():
    def both(world):
        at(world, 2, world.freeze, "a")
        slowed(world, 4, 3, 9)
        at(world, 5, world.thaw, "a")

    # of 8 s that are left, 1 s is done from the thaw until the slow-down ends
    assert play({"a": work()}, both)["a"] == pytest.approx(9 + 7)


def test_fetching_the_inputs_of_work_is_not_slowed():
    def fetching_until_5(world):
        at(world, 1, world.work.paces.busy_from_s.update, {"a": 5.0})
        slowed(world, 2, 2, 100)

    assert play({"a": work()}, fetching_until_5)["a"] == pytest.approx(5 + 2 * (WORK_S - 5))


def test_a_slow_down_reaches_the_lane_that_has_the_processor_and_those_that_wait_for_it():
    def lanes():
        yield Together((work(), work()))

    assert play({"a": lanes()}, lambda world: slowed(world, 2, 5, 25))["a"] == pytest.approx(20 + 20 * (1 - 1 / 2))


@pytest.mark.parametrize("factor", [1.5, 4.0])
def test_a_run_that_only_computes_is_longer_by_d_times_one_less_one_over_f(runner, factor):
    def trained_s(text):
        events = runner("simulated", "alone", text)
        return of_kind(events, StepsFinished)[-1].t_s, events

    usual_s, _ = trained_s(LONG)
    fault = f"faults:\n  - {{kind: slow-down, worker: w0, at: 200 ms, lasts: 400 ms, factor: {factor}}}\n"
    slow_s, events = trained_s(LONG + fault)
    assert usual_s > 0.6
    assert slow_s - usual_s == pytest.approx(0.4 * (1 - 1 / factor))
    assert [(e.kind, e.worker, e.t_s) for e in of_kind(events, FaultBegan)] == [("slow-down", "w0", 0.2)]
    assert [e.t_s for e in of_kind(events, FaultEnded)] == [pytest.approx(0.6)]
    assert not of_kind(events, WorkerFailed)


def test_a_slow_down_at_a_step_without_an_end_and_a_factor_halves_the_pace_for_ever(runner):
    def step_s(text):
        steps = [e.t_s for e in of_kind(runner("simulated", "alone", text), StepsFinished)]
        return steps[-1] - steps[-2]

    fault = "faults:\n  - {kind: slow-down, worker: w0, at_step: 7}\n"
    assert step_s(LONG + fault) == pytest.approx(2 * step_s(LONG))


def test_random_slow_downs_each_end_after_their_time(runner):
    fault = "faults:\n  - {kind: slow-down, every: 40 ms, lasts: 30 ms, factor: 3}\n"
    events = runner("simulated", "ring", LONG + fault)
    began = [(e.t_s, e.worker) for e in of_kind(events, FaultBegan)]
    ended = [(e.t_s, e.worker) for e in of_kind(events, FaultEnded)]
    assert len(began) > 5 and {e.origin for e in of_kind(events, FaultBegan)} == {"random"}
    due = [(t_s + 0.03, worker) for t_s, worker in began if t_s + 0.03 < events[-1].t_s]
    assert ended == [(pytest.approx(t_s), worker) for t_s, worker in due]


def test_a_worker_that_crashes_while_it_is_slow_is_slow_when_it_comes_back(runner):
    slow = "  - {kind: slow-down, worker: w0, at: 20 ms, lasts: 10 s, factor: 5}\n"
    crash = "faults:\n  - {kind: crash, worker: w0, at: 60 ms, lasts: 10 ms}\n"
    single = LONG.replace("count: 3}", "count: 1}")

    def second_open_s(text):
        opened = [e for e in runner("simulated", "alone", text) if getattr(e, "label", "") == "perform train.open"]
        began, ended = opened[-2:]
        assert len(opened) == 4 and isinstance(ended, OperationFinished)
        return ended.t_s - began.t_s

    assert second_open_s(single + crash + slow) == pytest.approx(5 * second_open_s(single + crash))


def test_everybody_lost_among_slow_downs_that_never_cease_ends_the_run(runner):
    faults = "".join(f"  - {{kind: crash, worker: w{i}, at: 60 ms}}\n" for i in range(3))
    runner("simulated", "ring", LONG + "faults:\n  - {kind: slow-down, every: 1 ms, lasts: 1 h}\n" + faults)
    assert runner.outcome == "failed" and runner.run.told_s < 1.0


# --- links ---------------------------------------------------------------------------------------------------------


def letters(before, fair):
    """When ten letters of 1 MB have come from a to b."""
    size = 1e6 - CONTROL_BYTES

    def sender():
        for number in range(10):
            yield Send("b", Blob(size), str(number))

    def receiver():
        for number in range(10):
            yield Receive("a", str(number))

    return play({"a": sender(), "b": receiver()}, before, fair)["b"]


@pytest.mark.parametrize("slow", ["a", "b"])
def test_letters_on_a_link_shared_fairly_are_later_by_d_times_one_less_one_over_f(slow):
    def before(world):
        at(world, 2.5, world.network.links.begin, slow, 4.0, 0.0)
        at(world, 5.5, world.network.links.end, slow, 4.0, 0.0)

    assert letters(before, fair=True) == pytest.approx(10 + L + 3 * (1 - 1 / 4))


@pytest.mark.parametrize("slow", ["a", "b"])
def test_letters_that_take_turns_on_a_slow_link_each_take_its_factor_times_as_long(slow):
    assert letters(lambda world: world.network.links.begin(slow, 4.0, 0.0), fair=False) == pytest.approx(40 + L)


@given(factor=st.floats(1.01, 50), from_s=st.floats(0, 0.99), lasts_s=st.floats(0.01, 10))
def test_a_transfer_goes_on_at_the_rate_that_its_link_has(factor, from_s, lasts_s):
    clock, ended_s = Clock(), []
    network = IncrementalNetwork(clock, [1e6, 5e6], lambda source, target: (0, 1))
    network.transfer("a", "b", 1e6, lambda _: ended_s.append(clock.now))
    clock.call_at(from_s, lambda _: network.limit(0, 1e6 / factor))
    clock.call_at(from_s + lasts_s, lambda _: network.limit(0, 1e6))
    while clock.run_slice(float("inf"), 100):
        pass
    later_s = min(lasts_s * (1 - 1 / factor), (1 - from_s) * (factor - 1))
    assert ended_s == [pytest.approx(1 + later_s)]


@pytest.mark.parametrize("fair", [False, True])
@pytest.mark.parametrize(("factor", "late_s"), [(3.0, 0.0), (1.0, 0.05)])
def test_a_collective_is_as_slow_as_its_slowest_link(factor, late_s, fair):
    n, size = 5, 1e5
    team = tuple(f"w{i}" for i in range(n))

    def member():
        yield AllReduce(team, Blob(size))

    def before(world):
        world.network.links.begin("w2", factor, late_s)

    if late_s:  # what goes around the ring twice passes the late link four times
        expected_s = 2 * (n - 1) * (size / n / B + L) + 4 * late_s
    else:  # the slow link is never idle; the first chunk comes to it, and the last one from it, a latency later
        expected_s = 2 * (n - 1) * factor * size / n / B + 2 * L
    assert max(play({name: member() for name in team}, before, fair).values()) == pytest.approx(expected_s)


@pytest.mark.parametrize("fair", [False, True])
def test_a_collective_with_a_handshake_pays_an_added_latency_twice(fair):
    team = tuple(f"w{i}" for i in range(4))

    def ended_s(late_s):
        def member():
            yield AllReduce(team, Blob(1e5))

        before = lambda world: world.network.links.begin("w1", 1.0, late_s)  # noqa: E731
        return max(play({name: member() for name in team}, before, fair, collectives="gloo").values())

    assert ended_s(0.05) - ended_s(0.0) == pytest.approx(2 * 4 * 0.05)


@pytest.mark.parametrize("fair", [False, True])
def test_letters_stay_in_order_when_a_link_becomes_quick_again(fair):
    heard = []

    def sender():
        yield Send("b", "first")
        yield Perform("x")
        yield Send("b", "second")

    def receiver():
        for _ in range(2):
            heard.append((yield Receive("a")).what)

    def before(world):
        world.network.links.begin("a", 1.0, 30.0)
        at(world, 5, world.network.links.end, "a", 1.0, 30.0)

    assert play({"a": sender(), "b": receiver()}, before, fair)["b"] == pytest.approx(30, abs=0.01)
    assert heard == ["first", "second"]


@pytest.mark.parametrize(
    ("topology", "more"),
    [
        ("switch", {}),
        ("ring", {}),
        ("fat-tree", {"rack": 2, "oversubscription": 2.0}),
        ("nvlink-island", {"island": 2}),
    ],
)
def test_a_slow_link_slows_what_its_worker_sends_and_gets_and_nothing_else(topology, more):
    """Each of six workers sends one letter to its right neighbour; those who are slow are beside or at w2."""
    team = tuple(f"w{i}" for i in range(6))
    island = {"island_bandwidth": B} if topology == "nvlink-island" else {}

    def member(number):
        yield Send(team[(number + 1) % 6], Blob(1e5 - CONTROL_BYTES))
        yield Receive()

    def ended_s(factor):
        before = lambda world: world.network.links.begin("w2", factor, 0.0)  # noqa: E731
        programs = {name: member(number) for number, name in enumerate(team)}
        return play(programs, before, True, topology, **more, **island)

    usual, slow = ended_s(1.0), ended_s(8.0)
    assert {name for name in team if slow[name] > usual[name] + 0.1} == {"w2", "w3"}
    for name in ("w0", "w1", "w4", "w5"):
        assert slow[name] == pytest.approx(usual[name])


@pytest.mark.parametrize("sharing", ["fifo", "fair"])
@pytest.mark.parametrize("how", ["factor: 20", "latency: 20 ms"])
def test_a_slow_link_holds_up_a_training_while_it_lasts_and_no_longer(runner, sharing, how):
    network = f"cluster:\n  network: {{sharing: {sharing}, bandwidth: 10 MB/s}}\n"
    fault = f"faults:\n  - {{kind: slow-link, worker: w1, at: 200 ms, lasts: 500 ms, {how}}}\n"
    events = runner("simulated", "ring", LONG.replace("cluster:\n", network) + fault)
    steps = [e.t_s for e in of_kind(events, StepsFinished) if e.who == "w0"]
    during = sum(0.2 <= t_s <= 0.7 for t_s in steps)
    before = sum(t_s < 0.2 for t_s in steps)
    rest = [later - earlier for earlier, later in pairwise(steps)]
    assert before > 3 and during / 0.5 < 0.5 * before / (0.2 - steps[0])
    assert rest[-1] == pytest.approx(rest[1])
    assert [e.t_s for e in of_kind(events, FaultEnded)] == [pytest.approx(0.7)]


def test_a_slow_link_behaves_the_same_every_time(runner):
    text = LONG + "faults:\n  - {kind: slow-link, every: 30 ms, lasts: 20 ms, factor: 9, latency: 1 ms}\n"
    runner("simulated", "ring", text)
    first = (runner.last / "events.jsonl").read_bytes()
    runner("simulated", "ring", text)
    assert (runner.last / "events.jsonl").read_bytes() == first
