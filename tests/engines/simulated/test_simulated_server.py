"""Parameter servers keep to what their authors say of them in closed form."""

import math

import pytest
from samples import SMALL

from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.random_streams import stream
from workbench.engines.simulated.network import CONTROL_BYTES, Network
from workbench.runs.events import OperationStarted, StepsFinished, WorkerFailed
from workbench.runs.numbers import numbers
from workbench.runs.state import RunState
from workbench.studies.score.laboratory import GivenWork, step_ends_s

VGG16_BYTES, LINK_BYTES_PER_S = 553.43e6, 3.125e9


def team_of(servers, workers):
    return (*(f"s{i}" for i in range(servers)), *(f"w{i}" for i in range(workers)))


def last_step_s(architecture, workers, network, work):
    ends = step_ends_s(architecture, team_of(architecture.servers, workers), network, work)
    return ends[-1] - ends[-2]


def mean_step_s(architecture, workers, compute_s, steps=400):
    """Seconds a step, where only computing takes time."""
    ends = step_ends_s(
        architecture,
        team_of(architecture.servers, workers),
        Network(1e30, 0.0),
        GivenWork(0.0, steps=steps, compute_s=compute_s),
    )
    return (ends[-1] - ends[0]) / (steps - 1)


# --- servers --------------------------------------------------------------------------------------------------------


def servers_step_s(workers, servers, pieces, size=VGG16_BYTES, bytes_per_s=LINK_BYTES_PER_S):
    """A step without latency, computing and overhead: envelopes are part of `size`."""
    work = GivenWork(size - CONTROL_BYTES * servers * pieces, steps=3)
    return last_step_s(ParameterServer(servers=servers, pieces=pieces), workers, Network(bytes_per_s, 0.0), work)


# (Jiang et al., OSDI 2020): VGG-16 in fp32 over 25 Gbit/s, servers apart from the workers
@pytest.mark.parametrize(
    ("workers", "servers", "published_s"),
    [(4, 2, 0.3542), (4, 4, 0.1771), (8, 4, 0.3542), (8, 8, 0.1771), (16, 8, 0.3542), (32, 16, 0.3542)],
)
def test_a_step_tends_to_the_busiest_link_as_one_over_the_pieces(workers, servers, published_s):
    few, many = 3, 6
    few_s, many_s = (servers_step_s(workers, servers, pieces) for pieces in (few, many))
    limit_s = (many * many_s - few * few_s) / (many - few)
    assert limit_s == pytest.approx(published_s, rel=1e-3)
    assert limit_s < many_s < few_s


def test_pieces_enough_bring_a_step_within_a_hundredth_of_the_busiest_link():
    assert servers_step_s(4, 2, 400) == pytest.approx(0.3542, rel=0.01)


def test_in_one_piece_nothing_is_summed_before_everything_is_there():
    assert servers_step_s(8, 4, 1) > 1.5 * 0.3542


def test_twice_the_servers_halve_a_step_while_theirs_are_the_busiest_links():
    steps_s = [servers_step_s(8, servers, 40, 1e9, 1e9) for servers in (1, 2, 4, 8)]
    assert steps_s == pytest.approx([8, 4, 2, 1], rel=0.25)


def test_a_server_sums_applies_and_passes_on_its_share_of_the_weights_only(runner):
    """Memory moved is all that these parts cost."""
    text = SMALL.replace("workers: 2}}}\n  - {id: alone", "workers: 1, servers: 2}}}\n  - {id: alone")
    events = runner("simulated", "server", text.replace("{id: w, count: 3}", SLOW_MEMORY))
    whole = runner("simulated", "server", SMALL.replace("{id: w, count: 3}", SLOW_MEMORY))
    assert runner.outcome == "finished"
    assert part_s(events, "w0", "weights") == pytest.approx(part_s(whole, "w0", "weights") / 2)
    assert part_s(events, "w1", "apply") == pytest.approx(part_s(whole, "w0", "apply") / 2)


SLOW_MEMORY = "{id: w, count: 3, accelerator: {operations_per_s: 1 Tflop/s, memory: 1 GiB, memory_bytes_per_s: 1 MB/s}}"


def part_s(events, member, part):
    """How long the last work of that part took."""
    began_s = took_s = None
    for event in events:
        if event.who == member and getattr(event, "label", "") == f"perform train.{part}":
            if isinstance(event, OperationStarted):
                began_s = event.t_s
            else:
                took_s = event.t_s - began_s
    return took_s


# --- backup workers (Chen et al., 2016) ------------------------------------------------------------------------------


def test_a_step_goes_on_without_the_slowest_workers():
    seconds = {"w0": 1.0, "w1": 2.0, "w2": 3.0, "w3": 50.0}
    assert mean_step_s(ParameterServer(), 4, seconds.get) == pytest.approx(50.0)
    assert mean_step_s(ParameterServer(backup=1), 4, seconds.get) == pytest.approx(3.0)
    assert mean_step_s(ParameterServer(backup=2), 4, seconds.get) == pytest.approx(2.0)


def test_a_late_gradient_is_dropped_and_its_worker_goes_on_with_the_newest_weights():
    """Else the slow worker's gradients of old steps would make steps shorter than its fellow's second."""
    seconds = {"w0": 1.0, "w1": 1.5, "w2": 1.75}
    assert mean_step_s(ParameterServer(backup=1), 3, seconds.get) == pytest.approx(1.5, rel=0.01)
    slow = {"w0": 1.0, "w1": 10.0, "w2": 10.0}
    assert mean_step_s(ParameterServer(backup=1), 3, slow.get) == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize(("workers", "backup"), [(8, 0), (8, 2), (5, 1)])
def test_the_first_k_of_n_are_waited_for_as_order_statistics_say(workers, backup):
    """H_n - H_(n-k) beyond the constant, for times of c + Exp(1) and a common start."""
    draws = stream(3, "first", workers, backup)
    waits_s = []
    for _ in range(1500):
        work = GivenWork(0.0, compute_s=lambda member: 2.0 + float(draws.exponential()))
        (end_s,) = step_ends_s(ParameterServer(backup=backup), team_of(1, workers), Network(1e30, 0.0), work)
        waits_s.append(end_s - 2.0)
    expected_s = sum(1 / i for i in range(backup + 1, workers + 1))
    spread_s = math.sqrt(sum(1 / i**2 for i in range(backup + 1, workers + 1)) / len(waits_s))
    assert abs(sum(waits_s) / len(waits_s) - expected_s) < 3 * spread_s < 0.1 * expected_s


def test_a_lost_worker_is_made_up_for_by_the_backup_and_missed_only_then(runner):
    text = with_training("backup: 1", "crash, worker: w3, at_step: 20")
    state = state_of(runner("simulated", "server", text))
    assert runner.outcome == "finished" and state.steps_done == state.trainings["train", ""].of


# --- nobody waits, or not for long -----------------------------------------------------------------------------------

MIXED_S = {"w0": 1.0, "w1": 2.0, "w2": 4.0, "w3": 8.0}


def test_asynchronous_training_is_as_fast_as_all_its_workers_together():
    """A step is as many gradients as there are workers, so its mean time is n / sum(1/t): the harmonic mean."""
    harmonic_s = 4 / sum(1 / seconds for seconds in MIXED_S.values())
    assert mean_step_s(ParameterServer(mode="asynchronous"), 4, MIXED_S.get) == pytest.approx(harmonic_s, rel=0.01)
    assert mean_step_s(ParameterServer(), 4, MIXED_S.get) == pytest.approx(8.0)


def test_a_slower_slowest_worker_costs_asynchronous_training_at_most_its_own_share():
    dead_slow = MIXED_S | {"w3": 1e6}
    free = ParameterServer(mode="asynchronous")
    without_s = 4 / sum(1 / seconds for seconds in list(MIXED_S.values())[:3])
    assert mean_step_s(free, 4, dead_slow.get, 200) == pytest.approx(without_s, rel=0.02)


def test_without_any_staleness_the_pace_is_the_synchronous_one():
    draws = {}

    def compute_s(member):
        if member not in draws:
            draws[member] = stream(5, member)
        return float(draws[member].exponential())

    synchronous_s = mean_step_s(ParameterServer(), 4, compute_s)
    draws.clear()
    assert mean_step_s(ParameterServer(mode="bounded", staleness=0), 4, compute_s) == pytest.approx(synchronous_s)


def test_throughput_rises_with_the_bound_from_the_synchronous_to_the_asynchronous_one():
    """Equal workers whose times vary: slack evens out who is slow now."""

    def pace(**knobs):
        draws = {f"w{i}": stream(7, f"w{i}") for i in range(4)}
        return 1 / mean_step_s(ParameterServer(**knobs), 4, lambda member: float(draws[member].exponential()), 800)

    paces = [pace(mode="bounded", staleness=bound) for bound in (0, 1, 2, 4, 8, 32)]
    assert paces == sorted(paces) and len(set(paces)) == len(paces)
    assert paces[0] == pytest.approx(pace()) and paces[-1] <= pace(mode="asynchronous") * 1.01
    assert paces[-1] > 1.7 * paces[0]


def test_a_constantly_slow_worker_holds_every_bound_to_its_own_pace_in_the_end():
    assert mean_step_s(ParameterServer(mode="bounded", staleness=3), 4, MIXED_S.get, 2000) == pytest.approx(8, rel=0.01)


@pytest.mark.parametrize("bound", [0, 2, 5])
def test_nobody_begins_a_gradient_further_ahead_than_the_bound(bound):
    begun = dict.fromkeys(MIXED_S, 0)
    ahead = []

    def compute_s(member):
        begun[member] += 1
        ahead.append(max(begun.values()) - min(begun.values()))
        return MIXED_S[member]

    mean_step_s(ParameterServer(mode="bounded", staleness=bound), 4, compute_s, 50)
    # who computes his (c+1)th gradient has given c; the slowest may be computing or waiting for his next
    assert max(ahead) == bound + 1


# --- whole runs ------------------------------------------------------------------------------------------------------


def with_training(knobs, fault="", workers=5):
    text = SMALL.replace("count: 3", f"count: {workers}").replace(
        "{use: parameter-server, with: {workers: 2}}", f"{{use: parameter-server, with: {{{knobs}}}}}"
    )
    return text + (f"faults:\n  - {{kind: {fault}}}\n" if fault else "")


def state_of(events):
    state = RunState()
    for event in events:
        state.apply(event)
    return state


KNOBS = (
    "servers: 2",
    "servers: 2, pieces: 3",
    "backup: 1",
    "servers: 2, backup: 1, pieces: 2",
    "mode: asynchronous",
    "mode: asynchronous, servers: 2",
    "mode: bounded, staleness: 2",
    "mode: bounded, staleness: 0, servers: 2",
)


@pytest.mark.parametrize("knobs", KNOBS)
def test_every_mode_trains_on_as_many_steps_and_samples_as_the_plain_one(runner, knobs):
    plain = numbers(state_of(runner("simulated", "server")))
    found = numbers(state_of(runner("simulated", "server", with_training(knobs))))
    assert runner.outcome == "finished"
    assert (found["steps"], found["samples"]) == (plain["steps"], plain["samples"])


@pytest.mark.parametrize("knobs", KNOBS)
def test_a_lost_worker_ends_no_training(runner, knobs):
    events = runner("simulated", "server", with_training(knobs, "crash, worker: w4, at_step: 20"))
    state = state_of(events)
    assert runner.outcome == "finished"
    assert [event.worker for event in events if isinstance(event, WorkerFailed)] == ["w4"]
    assert state.steps_done == state.trainings["train", ""].of
    told = [event.first for event in events if isinstance(event, StepsFinished)]
    assert told == sorted(set(told))  # no step twice: nobody began again


@pytest.mark.parametrize("knobs", KNOBS)
@pytest.mark.parametrize("server", ["w0", "w1"])
def test_a_lost_server_ends_the_attempt_and_the_next_begins_at_the_checkpoint(runner, knobs, server):
    if server == "w1" and "servers: 2" not in knobs:
        server = "w0"
    events = runner(
        "simulated", "server", with_training(f"{knobs}, checkpoint_every: 8", f"crash, worker: {server}, at_step: 20")
    )
    assert runner.outcome == "finished"
    failed_s = next(event.t_s for event in events if isinstance(event, WorkerFailed))
    told = [(event.t_s, event.first) for event in events if isinstance(event, StepsFinished)]
    before, after = [s for t, s in told if t <= failed_s], [s for t, s in told if t > failed_s]
    again = after.index(16) if 16 in after else -1
    assert before[0] == 0 and again >= 0 and after[again:] == list(range(16, after[-1] + 1))
    assert state_of(events).steps_done == after[-1] + 1


def test_the_same_scenario_gives_the_same_events_to_the_byte(runner):
    folders = []
    for _ in range(2):
        runner("simulated", "server", with_training("mode: asynchronous, servers: 2"))
        folders.append(runner.last)
    one, other = ((folder / "events.jsonl").read_bytes() for folder in folders)
    assert one == other and len(one) > 1000


def test_a_worker_that_is_back_takes_no_letter_of_another_training_for_one_of_its_own(runner):
    pools = "    - {id: w, count: 2, speed: 0.5}\n    - {id: v, count: 2}\n"
    text = SMALL.replace("    - {id: w, count: 3}\n", pools).replace("epochs: 3", "epochs: 12")
    fault = "workload: {instances: 3}\nfaults:\n  - {kind: crash, worker: v0, at: 1558 us, lasts: 5 ms}\n"
    events = runner("simulated", "server", text + fault)
    assert runner.outcome == "finished"
    assert {e.item for e in events if isinstance(e, StepsFinished)} == {"0", "1", "2"}
