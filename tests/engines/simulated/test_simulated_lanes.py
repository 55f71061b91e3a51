"""What one member does together: lanes share its processor and its letters, and communication runs beside work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.operations import (
    AllGather,
    AllReduce,
    Perform,
    Receive,
    ReduceScatter,
    Send,
    TimedOut,
    Together,
    Wait,
    WorkerLost,
)
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.world import World
from workbench.runs.events import OperationFinished, OperationStarted

BYTES_PER_S, LATENCY_S = 1e9, 1e-3


class OneSecondEach:
    def seconds(self, member, operation, now_s):
        return 1.0

    def answer(self, member, operation):
        return f"{operation.item['number']} done"

    def inputs(self, member, operation):
        return []


def play(programs, before=lambda world: None):
    """Carry programs out: the world, what each returned and when, and the story as (when, who, event)."""
    story, ended = [], {}
    world = World(
        Network(BYTES_PER_S, LATENCY_S),
        OneSecondEach(),
        lambda event, who: story.append((world.clock.now, who, event)),
        detection_s=0.01,
    )

    def keep(name, program):
        answer = yield from program
        ended[name] = (answer, world.clock.now)

    for name, program in programs.items():
        world.add(name, keep(name, program))
    world.start(programs)
    before(world)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 1000)
    return world, ended, story


def work(of):
    return (yield Perform("step", "train", {"number": of}))


def nap(seconds):
    yield Wait(seconds)
    return seconds


def one(operation):
    return (yield operation)


def together(*lanes):
    return one(Together(lanes))


def test_performs_of_lanes_take_turns_on_the_one_processor():
    _, ended, _ = play({"a": together(work("x"), work("y"), work("z"))})
    assert ended["a"] == (("x done", "y done", "z done"), 3.0)


def test_waiting_runs_beside_work():
    _, ended, _ = play({"a": together(work("x"), nap(0.75), nap(1.5))})
    assert ended["a"] == (("x done", 0.75, 1.5), 1.5)


def test_lanes_that_have_nothing_to_wait_for_answer_at_once():
    def quick(value):
        return value
        yield

    _, ended, _ = play({"a": together(quick(1), quick(2))})
    assert ended["a"] == ((1, 2), 0.0)


def test_lanes_hand_over_by_letters_to_the_member_itself():
    def first():
        yield Perform("step", "train", {"number": "x"})
        yield Send("a", None, "ready")

    def second():
        letter = yield Receive("a", "ready")
        return letter.tag

    _, ended, _ = play({"a": together(first(), second())})
    assert ended["a"][0] == (None, "ready")
    assert ended["a"][1] == pytest.approx(1.0, abs=2e-3)


def test_every_lane_tells_its_own_story_and_every_start_has_its_end():
    _, _, story = play({"a": together(work("x"), together(nap(0.5), nap(0.25)))})
    begun = [event.lane for _, _, event in story if isinstance(event, OperationStarted)]
    ended = [event.lane for _, _, event in story if isinstance(event, OperationFinished)]
    assert sorted(begun) == sorted(ended) == ["", "0.", "1.", "1.0.", "1.1."]


def test_trouble_in_a_lane_closes_those_that_wait_and_is_raised():
    def impatient():
        yield Receive("b", timeout_s=0.5)

    def program():
        try:
            yield Together((impatient(), nap(100)))
        except TimedOut:
            return "timed out"

    def idle():
        yield Wait(1)

    _, ended, story = play({"a": program(), "b": idle()})
    assert ended["a"] == ("timed out", 0.5)
    assert [event.outcome for _, _, event in story if isinstance(event, OperationFinished) and event.lane == "1."] == [
        "closed"
    ]


def test_trouble_lets_the_work_under_way_end_before_it_is_raised():
    def impatient():
        yield Receive("b", timeout_s=0.5)

    def program():
        try:
            yield Together((impatient(), work("x"), work("never begun")))
        except TimedOut:
            return "timed out"

    def idle():
        yield Wait(3)

    _, ended, _ = play({"a": program(), "b": idle()})
    assert ended["a"] == ("timed out", 1.0)


def test_a_loss_reaches_the_lane_that_waits_for_the_lost_member():
    def program():
        try:
            yield Together((one(AllReduce(("a", "b"), Blob(1e6))), nap(50)))
        except WorkerLost as lost:
            return lost.worker

    _, ended, _ = play({"a": program(), "b": nap(20)}, lambda w: w.clock.call_at(2.0, lambda _: w.kill("b")))
    assert ended["a"][0] == "b"
    assert 2.0 < ended["a"][1] < 2.1


def test_a_killed_member_says_nothing_more_in_any_lane():
    _, ended, story = play(
        {"a": together(work("x"), nap(5)), "b": nap(9)}, lambda w: w.clock.call_at(0.5, lambda _: w.kill("a"))
    )
    assert "a" not in ended
    assert max(when for when, who, _ in story if who == "a") < 0.5


def test_a_frozen_member_s_lanes_all_stand_still_and_go_on_where_they_were():
    def before(world):
        world.clock.call_at(0.25, lambda _: world.freeze("a"))
        world.clock.call_at(10.25, lambda _: world.thaw("a"))

    _, ended, _ = play({"a": together(work("x"), nap(0.5), work("y"))}, before)
    assert ended["a"][1] == pytest.approx(12.0)


@given(members=st.integers(2, 9), size=st.floats(1e3, 1e9))
def test_gathering_and_scattering_each_cost_half_of_an_all_reduce(members, size):
    """(n-1)/n * S/B + (n-1) * L, S being all shares together (Thakur, Rabenseifner and Gropp 2005)."""
    team = tuple(f"w{number}" for number in range(members))
    closed_s = (members - 1) / members * size / BYTES_PER_S + (members - 1) * LATENCY_S
    _, gathered, _ = play({name: one(AllGather(team, Blob(size / members))) for name in team})
    _, scattered, _ = play({name: one(ReduceScatter(team, Blob(size))) for name in team})
    _, reduced, _ = play({name: one(AllReduce(team, Blob(size))) for name in team})
    for name in team:
        assert gathered[name][1] == pytest.approx(closed_s)
        assert scattered[name][1] == pytest.approx(closed_s)
        assert reduced[name][1] == pytest.approx(2 * closed_s)
        assert gathered[name][0].size_bytes == pytest.approx(size)
        assert scattered[name][0].size_bytes == pytest.approx(size / members)


def test_collectives_of_two_lanes_share_the_member_s_link():
    team = ("a", "b")
    size = 1e8

    def both():
        return together(one(AllGather(team, Blob(size))), one(ReduceScatter(team, Blob(2 * size))))

    _, ended, _ = play({name: both() for name in team})
    assert ended["a"][1] == pytest.approx(2 * size / BYTES_PER_S + LATENCY_S)
