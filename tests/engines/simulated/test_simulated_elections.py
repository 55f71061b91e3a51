"""Elections by the programs of servers, against closed forms and a calculation that shares nothing with them."""

import math
import statistics
from collections import deque
from heapq import heappop, heappush
from itertools import count
from random import Random

import pytest

from workbench.architectures.raft import Timing, Voter
from workbench.engines.simulated.elections import without_leader_s

TRIALS = 1000


def simulated_s(logs, least_s, most_s, latency_s, write_s, trials=TRIALS):
    timing = Timing(least_s, most_s, write_s)
    return [without_leader_s(timing, latency_s, logs, 7, trial) for trial in range(trials)]


def close(times_s, mean_s, error_s=0.0):
    """Whether the mean of some times is another mean, as far as chance (of both) lets anybody tell."""
    own_s = statistics.stdev(times_s) / math.sqrt(len(times_s))
    return abs(statistics.fmean(times_s) - mean_s) < 3.3 * math.hypot(own_s, error_s)


@pytest.mark.parametrize("servers", [3, 5, 9])
@pytest.mark.parametrize(("least_s", "most_s"), [(0.15, 0.3), (0.1, 0.9)])
def test_without_latency_the_first_of_even_timeouts_is_elected_at_once(servers, least_s, most_s):
    others = servers - 1
    first_s = least_s + (most_s - least_s) / (others + 1)
    assert close(simulated_s((1,) * servers, least_s, most_s, 0.0, 0.0), first_s - least_s / 4)


@pytest.mark.parametrize(("latency_s", "write_s"), [(0.002, 0.0), (0.0, 0.004), (0.003, 0.005)])
def test_a_lone_candidate_waits_for_its_request_for_a_write_and_for_the_answer(latency_s, write_s):
    """Two servers remain of three; they rarely collide in so wide a range, and the heartbeat came a latency late."""
    times_s = simulated_s((1, 1, 0), 1.0, 100.0, latency_s, write_s)  # the shorter log is never elected
    quick_s = simulated_s((1, 1, 0), 1.0, 100.0, 0.0, 0.0)
    added_s = [slow - quick for slow, quick in zip(times_s, quick_s, strict=True) if quick < 10.0 and slow < 10.0]
    assert statistics.median(added_s) == pytest.approx(3 * latency_s + write_s, rel=1e-6)


@pytest.mark.parametrize(
    ("logs", "least_s", "most_s", "latency_s", "write_s"),
    [
        ((5, 4, 3, 2, 1), 0.150, 0.155, 0.0025, 0.010),
        ((5, 4, 3, 2, 1), 0.150, 0.200, 0.0025, 0.010),
        ((5, 4, 3, 2, 1), 0.012, 0.024, 0.0025, 0.010),
        ((1, 1, 1, 1, 1), 0.012, 0.024, 0.0050, 0.001),
        ((1, 1, 1), 0.050, 0.060, 0.0040, 0.0),
        ((7, 6, 5, 4, 3, 2, 1), 0.150, 0.300, 0.0100, 0.005),
    ],
)
def test_elections_take_as_long_as_a_calculation_of_its_own_says(logs, least_s, most_s, latency_s, write_s):
    drawn = Random(3)
    other_s = [reckoned_s(logs, least_s, most_s, latency_s, write_s, drawn) for _ in range(TRIALS)]
    error_s = statistics.stdev(other_s) / math.sqrt(TRIALS)
    assert close(simulated_s(logs, least_s, most_s, latency_s, write_s), statistics.fmean(other_s), error_s)


def reckoned_s(logs, least_s, most_s, latency_s, write_s, drawn):
    """Raft on a heap of moments: each server reads its letters one after the other, and is deaf while it writes."""
    crash_s = drawn.random() * least_s / 2
    alive = range(1, len(logs))
    due = {s: latency_s + drawn.uniform(least_s, most_s) for s in alive}
    term, voted, votes = dict.fromkeys(alive, 0), dict.fromkeys(alive), dict.fromkeys(alive)
    free, inbox, order, heap = dict.fromkeys(alive, 0.0), {s: deque() for s in alive}, count(), []
    for s in alive:
        heappush(heap, (due[s], next(order), s, None))

    def post(at_s, source, *letter):
        for to in alive:
            if to != source:
                heappush(heap, (at_s + latency_s, next(order), to, (source, *letter)))

    while heap:
        now, _, s, letter = heappop(heap)
        if now > crash_s + 10.0:
            break
        if letter:
            inbox[s].append(letter)
        while free[s] <= now:
            if inbox[s]:
                source, kind, its_term, its_log = inbox[s].popleft()
                news = its_term > term[s]
                if news:
                    term[s], voted[s], votes[s] = its_term, None, None
                if kind == "vote":
                    if votes[s] is not None and its_term == term[s] and its_log:
                        votes[s].add(source)
                        if len(votes[s]) > len(logs) // 2:
                            return now - crash_s
                    continue
                grant = its_term == term[s] and its_log >= logs[s] and voted[s] in (None, source)
                if grant:
                    voted[s] = source
                if grant or news:
                    free[s] = now + write_s
                answer = (s, "vote", term[s], grant)
                heappush(heap, (max(now, free[s]) + latency_s, next(order), source, answer))
                if grant:
                    due[s] = now + drawn.uniform(least_s, most_s)
                    heappush(heap, (due[s], next(order), s, None))
            elif now >= due[s]:
                term[s], voted[s], votes[s] = term[s] + 1, s, {s}
                post(now, s, "request", term[s], logs[s])
                free[s], due[s] = now + write_s, now + drawn.uniform(least_s, most_s)
                heappush(heap, (due[s], next(order), s, None))
            else:
                break
            if free[s] > now:
                heappush(heap, (free[s], next(order), s, None))
    return 10.0


def test_equal_timeouts_elect_nobody():
    assert simulated_s((1,) * 5, 0.15, 0.15, 0.002, 0.01, trials=5) == [10.0] * 5


def test_a_server_votes_once_in_a_term_and_for_no_log_that_lacks_what_it_has():
    voter = Voter(of=3, log=4)
    voter.follow(2)
    assert not voter.grants("behind", 2, 3)
    assert voter.grants("first", 2, 4) and voter.grants("first", 2, 4)
    assert not voter.grants("second", 2, 9)
    assert not voter.grants("late", 1, 9)


def test_votes_of_an_older_term_do_not_count():
    voter = Voter(of=5, log=1)
    voter.stand("me")
    voter.stand("me")
    assert not voter.count("a", 1) and not voter.count("b", 1) and not voter.count("c", 2)
    assert voter.count("d", 2) and voter.role == "leader"


def test_the_same_trial_takes_the_same_time_and_another_one_another():
    timing = Timing(0.15, 0.2, 0.01)
    first, again, other = (without_leader_s(timing, 0.002, (3, 2, 1), 5, trial) for trial in (1, 1, 2))
    assert first == again != other
