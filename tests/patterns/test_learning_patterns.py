"""The scenarios on what is learnt hold because of the model: break it, and their expectations are missed."""

import pytest

from workbench.architectures import federated, ring, server_clocks
from workbench.architectures.operations import AllReduce, Perform
from workbench.engines.simulated import gatherings
from workbench.engines.simulated.collectives import Ring
from workbench.engines.simulated.gatherings import Gatherings, Kind
from workbench.engines.simulated.learning import LearningWork
from workbench.engines.simulated.network import Blob, Data, Network
from workbench.engines.simulated.work import Work
from workbench.stages.perceptron import PerceptronLearner

TRAIN, ANSWER = LearningWork._train, Work.answer


@pytest.mark.parametrize("name", ["DP-1", "RA-1", "PS-1", "SY-1", "SY-2", "FL-2"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


# --- ways to break the model -----------------------------------------------------------------------------------------


def sums_by(combine):
    """The sum over a team as `combine` makes it of its members' values; a team of one has its own."""

    def of_data(values):
        return Data(values[0].size_bytes, combine([v.value for v in values])) if len(values) > 1 else values[0]

    return {**gatherings.KINDS, AllReduce: Kind(of_data, gatherings.KINDS[AllReduce].size_bytes, 2)}


def trains(part, instead):
    """The work of a training stage, with `instead` in the place of one part of it."""

    def train(work, member, learner, operation):
        if operation.part == part:
            return instead(work, member, learner, operation)
        return TRAIN(work, member, learner, operation)

    return train


def whole_batch(work, member, learner, operation):
    own = Perform(operation.stage, "gradient", [operation.item[0], 0, 1], operation.of)
    return TRAIN(work, member, learner, own)


def half_the_steps(begin):
    """Training that ends early wherever a team shares it."""

    def halved(job, *more):
        step, steps, samples = yield from begin(job, *more)
        return step, steps // (2 if len(job.team) > 1 else 1), samples

    return halved


def whole_weights(work, member, operation):
    answer = ANSWER(work, member, operation)
    if operation.part == "weights":
        return Blob(work.step_costs[operation.stage].gradient_bytes)
    return answer


# --- replicas that stay alike ----------------------------------------------------------------------------------------


def test_if_everybody_went_on_with_their_own_gradient_replicas_would_part(missed, monkeypatch):
    monkeypatch.setattr(Gatherings, "enter", lambda gatherings, member, operation: operation.what)
    assert "simulated.ring.replicas_apart == 0" in missed("DP-1")


def test_replicas_that_begin_with_other_weights_stay_apart(missed, monkeypatch):
    first, begun = PerceptronLearner._first_weights, []

    def other(learner):
        begun.append(learner)
        return first(learner) + len(begun) % 4 * 0.01

    monkeypatch.setattr(PerceptronLearner, "_first_weights", other)
    assert "simulated.ring.replicas_apart == 0" in missed("DP-1")


def test_data_that_is_not_split_would_count_everybody_s_gradient_as_the_whole(missed, monkeypatch):
    monkeypatch.setattr(LearningWork, "_train", trains("gradient", whole_batch))
    assert "simulated.ring.update_variance < 1.01 * simulated.alone.update_variance" in missed("DP-1")


def test_updates_that_average_over_other_data_would_vary_less(missed, monkeypatch):
    def smoother(work, member, learner, operation):
        members = operation.item[2]
        return TRAIN(work, member, learner, operation) if members == 1 else exact(learner) / members

    monkeypatch.setattr(LearningWork, "_train", trains("gradient", smoother))
    assert "simulated.ring.update_variance > 0.99 * simulated.alone.update_variance" in missed("DP-1")


def exact(learner):
    """The gradient of all data."""
    count = len(learner.dataset.train_y)
    return learner.gradient_of(slice(None), count)[0]


def test_a_ring_that_stops_early_has_seen_fewer_samples(missed, monkeypatch):
    monkeypatch.setattr(ring, "resume", half_the_steps(ring.resume))
    assert "ring.samples == alone.samples" in missed("DP-1")


def test_nothing_is_learnt_of_sums_that_are_lost(missed, monkeypatch):
    monkeypatch.setattr(gatherings, "KINDS", sums_by(lambda values: 0 * values[0]))
    found = missed("DP-1")
    assert "ring.accuracy > 0.93" in found
    assert "ring.accuracy > alone.accuracy - 0.02 and ring.accuracy < alone.accuracy + 0.02" in found


# --- rings -----------------------------------------------------------------------------------------------------------


def test_a_share_that_is_left_out_of_the_sum_shows_in_the_update(missed, monkeypatch):
    monkeypatch.setattr(gatherings, "KINDS", sums_by(lambda values: sum(values[2:], start=values[1])))
    found = missed("RA-1")
    assert any("ring.update_variance" in text for text in found)


def test_a_sum_that_reaches_only_who_began_it_leaves_the_others_behind(missed, monkeypatch):
    monkeypatch.setattr(Gatherings, "enter", lambda gatherings, member, operation: operation.what)
    assert "simulated.ring.replicas_apart == 0" in missed("RA-1")


def test_sums_that_are_lost_teach_a_ring_nothing(missed, monkeypatch):
    monkeypatch.setattr(gatherings, "KINDS", sums_by(lambda values: 0 * values[0]))
    found = missed("RA-1")
    assert "ring.accuracy > alone.accuracy - 0.02 and ring.accuracy < alone.accuracy + 0.02" in found


def test_a_gradient_that_goes_around_whole_is_seen_in_what_workers_send(missed, monkeypatch):
    monkeypatch.setattr(Ring, "chunk_bytes", property(lambda ring: 19_240.0, lambda ring, b: None), raising=False)
    assert missed("RA-1") == [
        "ring.worker_bytes > 5070000 and ring.worker_bytes < 5500000",
        "server.busiest_bytes > 1.8 * ring.busiest_bytes",
    ]


# --- servers ---------------------------------------------------------------------------------------------------------


def test_a_worker_that_is_not_given_the_latest_computes_on_other_weights(missed, monkeypatch):
    def only_some(work, member, learner, operation):
        return None if member == "w3" else TRAIN(work, member, learner, operation)

    monkeypatch.setattr(LearningWork, "_train", trains("load", only_some))
    assert "simulated.server.replicas_apart == 0 and simulated.two_servers.replicas_apart == 0" in missed("PS-1")


def test_servers_whose_weights_nobody_is_given_learn_nothing(missed, monkeypatch):
    monkeypatch.setattr(LearningWork, "_train", trains("load", lambda *work: None))
    found = missed("PS-1")
    assert "simulated.server.accuracy > simulated.alone.accuracy - 0.02" in found
    assert "simulated.server.accuracy > 0.93 and simulated.two_servers.accuracy > 0.93" in found


def test_servers_that_wait_for_all_give_all_the_same(missed, monkeypatch):
    monkeypatch.setattr(server_clocks.Clocks, "__init__", bound_to(0))
    assert "simulated.asynchronous.replicas_apart > 0.001" in missed("PS-1")


def bound_to(staleness, begin=server_clocks.Clocks.__init__):
    return lambda clocks, team, step, _: begin(clocks, team, step, staleness)


def test_servers_that_all_hold_all_weights_send_as_much_as_one(missed, monkeypatch):
    monkeypatch.setattr(Work, "answer", whole_weights)
    assert missed("PS-1") == ["simulated.two_servers.busiest_bytes < 0.6 * simulated.server.busiest_bytes"]


def test_weights_that_weigh_nothing_make_no_server_busy(missed, monkeypatch):
    def light(work, member, operation):
        return Blob(8.0) if operation.part == "weights" else ANSWER(work, member, operation)

    monkeypatch.setattr(Work, "answer", light)
    assert "simulated.server.busiest_bytes > 2.9 * simulated.server.worker_bytes" in missed("PS-1")


# --- waiting for a better model --------------------------------------------------------------------------------------


def test_if_those_who_do_not_wait_did_wait_they_would_save_no_time(missed, monkeypatch):
    monkeypatch.setattr(server_clocks.Clocks, "__init__", bound_to(0))
    assert "simulated.asynchronous.training_s < simulated.synchronous.training_s" in missed("SY-2")


def test_if_a_worker_s_gradient_counted_as_its_share_only_nothing_would_be_lost_by_not_waiting(missed, monkeypatch):
    def its_share(work, member, learner, operation):
        step, total, *_ = operation.item
        own = Perform(operation.stage, "apply", [step, total, *(1 for _ in operation.item[2:])], operation.of)
        return TRAIN(work, member, learner, own)

    monkeypatch.setattr(LearningWork, "_train", trains("apply", its_share))
    assert missed("SY-2") == [
        "simulated.asynchronous.update_variance > 6 * simulated.synchronous.update_variance",
        "simulated.synchronous.accuracy > simulated.asynchronous.accuracy + 0.01",
    ]


def test_who_stops_early_has_not_seen_the_same_samples(missed, monkeypatch):
    monkeypatch.setattr(server_clocks, "begin", half_the_steps(server_clocks.begin))
    assert "simulated.asynchronous.samples == simulated.synchronous.samples" in missed("SY-2")


# --- uneven data and slow links --------------------------------------------------------------------------------------


def test_if_all_clients_had_all_classes_nobody_would_spoil_the_model(missed, monkeypatch):
    divide = federated.divide

    def evenly(clients, classes, shares, concentration, seed, replication):
        return divide(clients, classes, shares, None, seed, replication)

    monkeypatch.setattr(federated, "divide", evenly)
    assert missed("FL-2") == ["simulated.uneven.accuracy < simulated.even.accuracy - 0.02"]


def test_if_all_links_were_fast_nobody_would_be_waited_for_or_left_out(missed, monkeypatch):
    def alike(network, begin_s, source, target, size):
        return begin_s + size / network.bytes_per_s + network.latency_s

    monkeypatch.setattr(Network, "_between_unequals", alike)
    assert missed("FL-2") == [
        "simulated.even.training_s > 3 * simulated.near.training_s",
        "simulated.hurried.training_s < 0.6 * simulated.even.training_s",
        "simulated.hurried.samples < 0.97 * simulated.even.samples",
    ]
