"""The scenarios on foreach, conditions and re-runs hold because of the model: break it, and they miss expectations."""

import pytest

from workbench.architectures.items import Collection
from workbench.architectures.schedule import Schedule
from workbench.engines.simulated.faults import Faults
from workbench.engines.simulated.found import Found
from workbench.stages import sizes


@pytest.mark.parametrize(
    "name",
    ["FE-1", "FE-1-owners", "FE-2", "FE-2-measured", "FE-3", "DAG-5", "DAG-5-again", "DAG-5-anew", "DAG-5-measured"],
)
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


# --- FE-1: once for every item ---------------------------------------------------------------------------------------


def test_if_the_last_item_were_forgotten_it_would_be_missed(missed, monkeypatch):
    made = Collection.__init__
    monkeypatch.setattr(Collection, "__init__", lambda self, group, count: made(self, group, count - 1))
    assert {"four.items == 40", "one.items == 40"} <= set(missed("FE-1"))


def test_if_items_went_one_after_another_more_workers_would_not_help(missed, monkeypatch):
    made = Schedule.__init__

    def one_by_one(self, plan, *given, **more):
        made(self, plan, *given, **more)
        for group in plan.groups:
            object.__setattr__(group, "in_flight", 1)

    monkeypatch.setattr(Schedule, "__init__", one_by_one)
    assert missed("FE-1") == ["simulated.four.duration_s < 0.4 * simulated.one.duration_s"]


def test_if_nobody_died_there_would_be_no_failure(missed, monkeypatch):
    monkeypatch.setattr(Faults, "strike", lambda faults, strike: None)
    assert missed("FE-1") == ["four.failures == 1"]


def test_a_leader_that_forgets_the_items_of_a_lost_worker_never_comes_to_an_end(missed, monkeypatch):
    monkeypatch.setattr(Schedule, "lose", lambda schedule, worker: schedule.lost.add(worker))
    assert "four.items == 40" in missed("FE-1")


def test_a_leader_that_does_all_items_again_after_a_loss_is_found_out(missed, monkeypatch):
    lose = Schedule.lose

    def lose_all(schedule, worker):
        for one in list(schedule.held):
            lose(schedule, one)
            if one != worker:
                schedule.here(one)

    monkeypatch.setattr(Schedule, "lose", lose_all)
    assert "four.repeated_items <= 1" in missed("FE-1")


# --- FE-2: memory ----------------------------------------------------------------------------------------------------


def test_if_all_items_were_held_however_many_are_in_flight_nothing_would_pass(missed, monkeypatch):
    held = Found.held_bytes

    def all_of_them(self, group):
        self.in_flight = 0
        return held(self, group)

    monkeypatch.setattr(Found, "held_bytes", all_of_them)
    assert {"simulated.eight.items_share < 0.3", "eight.items == 40"} <= set(missed("FE-2"))


def test_if_more_in_flight_did_not_help_few_would_be_as_quick(missed, monkeypatch):
    opened = Collection.open

    def two(self):
        object.__setattr__(self.group, "in_flight", 2)
        return opened(self)

    monkeypatch.setattr(Collection, "open", two)
    assert missed("FE-2") == ["simulated.two.duration_s > 1.5 * simulated.eight.duration_s"]


def test_if_memory_had_no_end_all_would_pass_at_once(missed, monkeypatch):
    made = Found.__init__

    def roomy(self, *given):
        made(self, *given)
        self.memory_bytes = dict.fromkeys(self.memory_bytes, 1e12)

    monkeypatch.setattr(Found, "__init__", roomy)
    assert missed("FE-2") == ["all_at_once.items_share > 1"]


# --- FE-3: order -----------------------------------------------------------------------------------------------------


def test_if_every_item_left_when_it_is_done_order_would_be_lost(missed, monkeypatch):
    def leave(self, item):
        self.finished.add(item)
        self.left.append(item)
        return [item]

    monkeypatch.setattr(Collection, "finish", leave)
    found = missed("FE-3")
    assert {"in_order.items_out_of_order == 0", "simulated.in_order.item_wait_s > 0.1"} <= set(found)


def test_if_items_took_equally_long_they_would_come_back_nearly_in_order(missed, monkeypatch):
    monkeypatch.setattr("workbench.engines.simulated.work._variation", lambda *of: lambda: 1.0)
    assert "simulated.as_completed.items_out_of_order > 6" in missed("FE-3")


# --- DAG-5: conditions -----------------------------------------------------------------------------------------------


def test_if_conditions_were_not_asked_nothing_would_be_left_out(missed, monkeypatch):
    monkeypatch.setattr(Schedule, "_is_left_out", lambda schedule, instance, stage: False)
    found = missed("DAG-5")
    assert any("left_out" in text for text in found)


def test_if_all_data_had_drifted_everything_would_be_fitted_again(missed, monkeypatch):
    monkeypatch.setattr(Found, "_metric", lambda found, operation, metric, value: 1.0)
    assert "simulated.leader.left_out > 130" in missed("DAG-5")


def test_if_the_number_of_items_were_fixed_what_is_found_would_not_count(missed, monkeypatch):
    monkeypatch.setattr(sizes, "_count", lambda group, found: 3)
    assert "simulated.leader.items_found == 8" in missed("DAG-5")


# --- DAG-5: re-runs by an event --------------------------------------------------------------------------------------


def test_if_nothing_followed_from_an_event_there_would_be_one_run(missed, monkeypatch):
    monkeypatch.setattr(Schedule, "_call_again", lambda schedule, instance, stage: None)
    assert "simulated.events.instances > 1" in missed("DAG-5-again")


def test_if_all_data_drifted_the_chain_would_not_end_by_itself(missed, monkeypatch):
    monkeypatch.setattr(Found, "_metric", lambda found, operation, metric, value: 1.0)
    assert "simulated.events.instances < 100" in missed("DAG-5-again")


def test_if_no_run_were_told_to_be_submitted_its_wait_could_not_be_told(missed, monkeypatch):
    submit = Schedule._submit_called

    def silent(schedule):
        submit(schedule)
        schedule.news = [fact for fact in schedule.news if getattr(fact, "kind", "") != "submitted"]

    monkeypatch.setattr(Schedule, "_submit_called", silent)
    assert "simulated.events.mean_wait_s < 0.01" in missed("DAG-5-again")


def test_if_the_leader_lived_there_would_be_no_failure(missed, monkeypatch):
    monkeypatch.setattr(Faults, "strike", lambda faults, strike: None)
    assert missed("DAG-5-again") == ["simulated.restarted.failures == 1"]
