"""What theory says in closed form, the simulator must say too."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.operations import AllReduce, Perform, Receive, Send
from workbench.architectures.orchestration import Orchestration
from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.random_streams import stream
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.single_leader import SingleLeader
from workbench.architectures.training import TrainingJob
from workbench.document.scenario import Network as Links
from workbench.engines.simulated.network import CONTROL_BYTES, Blob, Network
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.world import World
from workbench.runs.events import OperationStarted, Recorded, StepsFinished


class FixedWork:
    """Every Perform takes the same time; gradients and weights have one size."""

    def __init__(self, seconds=0.0, size=0.0, steps=1):
        self.fixed_s, self.size, self.steps = seconds, size, steps

    def seconds(self, member, operation, now_s):
        return self.fixed_s if operation.part == "gradient" else 0.0

    def answer(self, member, operation):
        if operation.part == "open":
            return {"steps": self.steps, "samples_per_step": 1}
        return Blob(self.size)


def world_of(bytes_per_s, latency_s, work, collectives="ideal"):
    told = []
    network = Network(bytes_per_s, latency_s, collectives)
    world = World(network, work, lambda event, who: told.append((world.clock.now, who, event)))
    return world, told


def run_all(world, programs):
    for name, program in programs.items():
        world.add(name, program)
    world.start(programs)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 10_000)
    assert not world.unfinished


@given(
    n=st.integers(2, 9),
    size=st.floats(1e3, 1e9),
    bandwidth=st.floats(1e6, 1e11),
    latency=st.floats(0, 0.1),
)
def test_a_ring_all_reduce_takes_two_passes_of_chunks_and_latencies(n, size, bandwidth, latency):
    team = tuple(f"w{i}" for i in range(n))
    world, _ = world_of(bandwidth, latency, FixedWork())

    def program():
        yield AllReduce(team, Blob(size))

    run_all(world, {name: program() for name in team})
    assert world.clock.now == pytest.approx(2 * (n - 1) / n * size / bandwidth + 2 * (n - 1) * latency, rel=1e-9)


def test_gloo_pays_a_round_trip_for_each_step_of_its_ring():
    n, size, bandwidth, latency = 4, 4e6, 1e8, 5e-3
    team = tuple(f"w{i}" for i in range(n))
    world, _ = world_of(bandwidth, latency, FixedWork(), "gloo")

    def program():
        yield AllReduce(team, Blob(size))

    run_all(world, {name: program() for name in team})
    assert world.clock.now == pytest.approx(2 * (n - 1) / n * size / bandwidth + 4 * (n - 1) * latency)


def test_the_last_member_to_come_sets_the_end_of_a_ring():
    team, late_s = ("a", "b", "c"), 0.7
    world, _ = world_of(1e8, 1e-3, FixedWork(late_s))

    def program(me):
        if me == "b":
            yield Perform("s", "gradient")
        yield AllReduce(team, Blob(3e6))

    run_all(world, {name: program(name) for name in team})
    assert world.clock.now == pytest.approx(late_s + 4 * (1e6 / 1e8 + 1e-3))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_synchronous_parameter_server_is_bound_by_its_own_link(workers):
    size, bandwidth, latency, compute, steps = 2e6, 1e8, 1e-3, 0.05, 7
    team = ("s", *(f"w{i}" for i in range(workers)))
    world, told = world_of(bandwidth, latency, FixedWork(compute, size, steps))
    job = TrainingJob("train", "", {}, team)
    run_all(world, {name: ParameterServer().program(name, job) for name in team})
    said = [t for t, who, event in told if isinstance(event, StepsFinished)]
    letter_s = (size + CONTROL_BYTES) / bandwidth
    # weights go out one after the other; each gradient comes back while later weights still go out
    expected = (workers + 1) * letter_s + 2 * latency + compute
    assert len(said) == steps
    assert said[-1] - said[-2] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("workers", [1, 3, 16])
@pytest.mark.parametrize("fair", [False, True])
def test_gradients_that_are_pushed_at_one_moment_fill_the_server_s_link_one_after_the_other(workers, fair):
    """Incast: n letters of S bytes through one link are all there after nS/B + L, whether they take turns or share."""
    size, bandwidth, latency = 2e6, 1e8, 1e-3
    team = ("s", *(f"w{i}" for i in range(workers)))
    links = Links(topology="switch", bandwidth=bandwidth, latency=latency, sharing="fair" if fair else "fifo")
    network = Network(bandwidth, latency, topology=lay(links, team, ()) if fair else None)
    world = World(network, FixedWork(), lambda event, who: None)
    came_s = []

    def server():
        for _ in range(workers):
            yield Receive(tag="gradient")
            came_s.append(world.clock.now)

    def worker():
        yield Send("s", Blob(size - CONTROL_BYTES), "gradient")

    run_all(world, {"s": server(), **{name: worker() for name in team[1:]}})
    each_s = size / bandwidth
    assert came_s[-1] == pytest.approx(workers * each_s + latency)
    first_s = workers * each_s if fair else each_s
    assert came_s[0] == pytest.approx(first_s + latency)


def test_a_ring_trains_in_steps_of_computing_and_one_all_reduce():
    size, bandwidth, latency, compute, steps, n = 4e6, 1e8, 1e-3, 0.05, 6, 4
    team = tuple(f"w{i}" for i in range(n))
    world, _ = world_of(bandwidth, latency, FixedWork(compute, size, steps))
    job = TrainingJob("train", "", {}, team)
    run_all(world, {name: RingAllReduce().program(name, job) for name in team})
    step_s = compute + 2 * (n - 1) / n * size / bandwidth + 2 * (n - 1) * latency
    assert world.clock.now == pytest.approx(steps * step_s)


class ExponentialWork:
    """Service times of an M/M/c queue, from a stream of their own for each follower."""

    def __init__(self, seed, mean_s, workers):
        self.mean_s = mean_s
        self.draws = {name: stream(seed, "service", name) for name in workers}

    def seconds(self, member, operation, now_s):
        return float(self.draws[member].exponential(self.mean_s))

    def answer(self, member, operation):
        return {}


def erlang_c_wait_s(rate, mean_s, servers):
    """Mean wait in an M/M/c queue (Erlang, 1917)."""
    load = rate * mean_s
    tail = load**servers / math.factorial(servers) * servers / (servers - load)
    queued = tail / (sum(load**k / math.factorial(k) for k in range(servers)) + tail)
    return queued * mean_s / (servers - load)


def mean_wait_s(seed, customers, rate, mean_s, servers):
    workers = tuple(f"w{i}" for i in range(servers))
    gaps = stream(seed, "arrivals").exponential(1 / rate, customers)
    plan = Plan((PlannedStage("serve", {}),), customers, arrive_later=True)
    work = Orchestration(plan, workers, RingAllReduce(), tuple(float(t) for t in gaps.cumsum()))
    world, told = world_of(1e15, 0.0, ExponentialWork(seed, mean_s, workers))
    programs = SingleLeader().programs(work)
    run_all(world, {name: programs[name]() for name in (*programs, *work.followers)})
    came = {e.key: t for t, _, e in told if isinstance(e, Recorded) and e.kind == "submitted"}
    began = {e.item: t for t, _, e in told if isinstance(e, OperationStarted) and e.stage == "serve"}
    assert len(began) == customers
    return sum(began[key] - came[key] for key in came) / customers


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (3, 1.8)])
def test_items_wait_for_the_leader_s_followers_as_in_an_m_m_c_queue(servers, load):
    waits = [mean_wait_s(seed, 6000, load, 1.0, servers) for seed in range(8)]
    error_s = statistics.stdev(waits) / math.sqrt(len(waits))
    truth_s = erlang_c_wait_s(load, 1.0, servers)
    assert error_s < 0.1 * truth_s
    assert abs(statistics.fmean(waits) - truth_s) < 2.5 * error_s


def test_letters_on_one_link_arrive_in_order_and_one_after_the_other():
    world, _ = world_of(1e6, 0.5, FixedWork())
    arrived = []

    def sender():
        for i in range(3):
            yield Send("b", Blob(1e6 - CONTROL_BYTES), str(i))

    def receiver():
        for _ in range(3):
            letter = yield Receive("a")
            arrived.append((letter.tag, world.clock.now))

    run_all(world, {"a": sender(), "b": receiver()})
    assert arrived == [("0", pytest.approx(1.5)), ("1", pytest.approx(2.5)), ("2", pytest.approx(3.5))]
