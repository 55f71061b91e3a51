"""How far ahead of the slowest a worker computes."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.pace import Pace

WORKERS = "abc"


def test_workers_that_wait_for_each_other_are_one_ahead_at_most():
    pace = Pace()
    for _ in range(5):
        for worker in WORKERS:
            pace.begin(worker)
        for worker in WORKERS:
            pace.finish(worker)
    assert pace.ahead == 1


@given(st.lists(st.tuples(st.sampled_from(WORKERS), st.sampled_from(["step", "step", "step", "leave"])), max_size=60))
def test_it_is_what_counting_anew_each_time_says(story):
    pace, begun, done, ahead = Pace(), {}, {}, 0
    for worker, what in story:
        if what == "leave":
            pace.leave(worker)
            begun.pop(worker, None)
            done.pop(worker, None)
        elif begun.get(worker, 0) == done.get(worker, 0):
            pace.begin(worker)
            begun[worker] = begun.get(worker, 0) + 1
            done.setdefault(worker, 0)
            ahead = max(ahead, begun[worker] - min(done.values()))
        else:
            pace.finish(worker)
            done[worker] += 1
        assert pace.ahead == ahead
