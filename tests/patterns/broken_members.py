"""Members with one thing broken in their own processes, so that expectations of real runs are missed.

The factory of a run's members is one of these functions, in place of the one that makes them whole.
"""

from workbench.architectures.items import Collection
from workbench.architectures.schedule import Schedule, Task
from workbench.engines.real.member import from_scenario
from workbench.engines.real.store import Store
from workbench.stages import parts


def forgets_the_last_item(seat, tell):
    count = parts.count
    parts.count = lambda value, partition: count(value, partition) - 1
    return from_scenario(seat, tell)


def holds_all_items(seat, tell):
    program, perform = from_scenario(seat, tell)
    perform.__self__.shelf.in_flight = None
    return program, perform


def lets_items_leave_as_they_come(seat, tell):
    def leave(self, item):
        self.finished.add(item)
        self.left.append(item)
        return [item]

    Collection.finish = leave
    return from_scenario(seat, tell)


def begins_before_its_inputs_are_there(seat, tell):
    def at_once(schedule, instance, stage):
        waiting = {task.key for task in schedule.ready}
        if (instance, stage.id) not in schedule.done.keys() | schedule.running.keys() | waiting:
            schedule.ready.append(Task(stage, instance))

    Schedule._ready_if_possible = at_once
    Schedule._input = lambda schedule, task, source, port: "0" * 64
    return from_scenario(seat, tell)


def does_one_stage_at_a_time(seat, tell):
    workers_for = Schedule._workers_for
    Schedule._workers_for = lambda schedule, task: () if schedule.running else workers_for(schedule, task)
    return from_scenario(seat, tell)


def asks_no_condition(seat, tell):
    Schedule._is_left_out = lambda schedule, instance, stage: False
    return from_scenario(seat, tell)


def heeds_no_event(seat, tell):
    Schedule._call_again = lambda schedule, instance, stage: None
    return from_scenario(seat, tell)


def forgets_a_result(seat, tell):
    finish = Schedule.finish

    def forgetful(schedule, worker, result):
        outputs = finish(schedule, worker, result)
        return None if (result["instance"], result["stage"]) == (3, "evaluate") else outputs

    Schedule.finish = forgetful
    return from_scenario(seat, tell)


def does_all_again_after_a_loss(seat, tell):
    lose = Schedule.lose

    def lose_all(schedule, worker):
        for one in list(schedule.held):
            lose(schedule, one)
            if one != worker:
                schedule.here(one)

    Schedule.lose = lose_all
    return from_scenario(seat, tell)


def recalls_nothing_but_its_term(seat, tell):
    recall = Store.recall
    Store.recall = lambda store, prefix="": {k: v for k, v in recall(store, prefix).items() if k == "term"}
    return from_scenario(seat, tell)
