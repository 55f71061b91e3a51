"""A storage that is full for a while, and checkpoints that have become unusable."""

import pytest
from samples import SMALL

from workbench.architectures.operations import Claim, LeaseLost, Recall, Record, Wait
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.world import World
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    StepsFinished,
    Warned,
    WorkerFailed,
)

SAVING = SMALL.replace("epochs: 3", "epochs: 100").replace(
    "{use: ring-all-reduce, with: {workers: 2}}",
    "{use: ring-all-reduce, with: {workers: 2, on_loss: restart, checkpoint_every: 10}}",
)
SHARDED = SAVING.replace(
    "ring-all-reduce, with: {workers: 2, on_loss: restart,", "fully-sharded, with: {workers: 2,", 1
)
SERVER = SAVING.replace(
    "ring-all-reduce, with: {workers: 2, on_loss: restart,", "parameter-server, with: {workers: 2,", 1
)
CRASH = "  - {kind: crash, worker: w1, at_step: 37}\n"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def play(programs, before):
    world = World(Network(1e9, 0.0), None, lambda event, who: None)
    answers = {}

    def keep(name, program):
        answers[name] = yield from program

    for name, program in programs.items():
        world.add(name, keep(name, program))
    world.start(programs)
    before(world)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 1000)
    return world, answers


def recording(world_of, sizes):
    """When each of some records, a second apart, was made."""
    made_s = []
    for number, size in enumerate(sizes):
        yield Record(((f"key{number}", Blob(size)),))
        made_s.append(world_of[0].clock.now)
        yield Wait(1)
    return made_s


def full(worlds, from_s, to_s, room_bytes=0.0):
    def before(world):
        worlds.append(world)
        world.clock.call_at(from_s, lambda _: world.store.fill(room_bytes))
        world.clock.call_at(to_s, lambda _: world.store.clear())

    return before


def test_records_wait_while_the_storage_is_full_and_are_made_in_order_then():
    worlds = []
    _, answers = play({"a": recording(worlds, [1, 1, 1]), "b": recording(worlds, [1])}, full(worlds, 0.5, 4))
    assert answers == {"a": [0, 4, 5], "b": [0]}


def test_what_fits_is_recorded_until_no_room_is_left():
    worlds = []
    _, answers = play({"a": recording(worlds, [1e6, 1e6, 1e6, 1e6])}, full(worlds, 0.5, 9, 2.5e6))
    assert answers["a"] == [0, 1, 2, 9]


def test_a_record_that_replaces_another_takes_no_more_room_than_the_difference():
    def saving():
        for _ in range(5):
            yield Record((("key", Blob(1e6)),))
            yield Wait(1)
        return worlds[0].clock.now

    worlds = []
    assert play({"a": saving()}, full(worlds, 0.5, 99, 1.1e6))[1] == {"a": 5}
    worlds.clear()
    assert play({"a": saving()}, full(worlds, 0.5, 99, 0.9e6))[1] == {"a": 99 + 4}


def test_a_lease_that_ends_while_a_record_waits_is_lost():
    def owner():
        lease = yield Claim("key", 2.0)
        yield Wait(1)
        try:
            yield Record((("x", 1),), under=lease)
        except LeaseLost:
            return (yield Recall("x"))

    worlds = []
    assert play({"a": owner()}, full(worlds, 0.5, 8))[1] == {"a": {}}


def test_a_member_that_is_lost_while_it_waits_records_nothing():
    worlds = []
    before = full(worlds, 0.5, 8)

    def and_kill(world):
        before(world)
        world.clock.call_at(2, lambda _: world.kill("a"))

    world, _ = play({"a": recording(worlds, [1, 1])}, and_kill)
    assert set(world.store.entries) == {"key0"}


def test_a_frozen_member_goes_on_recording_when_it_is_thawed():
    worlds = []
    before = full(worlds, 0.5, 4)

    def and_freeze(world):
        before(world)
        world.clock.call_at(2, lambda _: world.freeze("a"))
        world.clock.call_at(6, lambda _: world.thaw("a"))

    assert play({"a": recording(worlds, [1, 1])}, and_freeze)[1] == {"a": [0, 6]}


# --- whole runs ----------------------------------------------------------------------------------------------------


def test_a_training_waits_at_its_checkpoint_until_the_storage_has_room_and_says_so(runner):
    usual_s = runner("simulated", "ring", SAVING)[-1].t_s
    events = runner("simulated", "ring", SAVING + "faults:\n  - {kind: storage-full, at: 300 ms, lasts: 5 s}\n")
    [began], [ended] = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    assert (began.kind, began.worker, began.t_s, ended.t_s) == ("storage-full", "", 0.3, pytest.approx(5.3))
    [told] = [e for e in of_kind(events, Warned) if e.code == "storage-full"]
    assert told.text == "w0 waits to record checkpoint//train: the storage is full"
    assert events[-1].outcome == "finished"
    assert events[-1].t_s - usual_s == pytest.approx(5.3 - told.t_s)


def test_a_storage_that_stays_full_ends_the_run_and_says_who_waits(runner):
    events = runner("simulated", "ring", SAVING + "faults:\n  - {kind: storage-full, at_step: 15}\n")
    assert runner.outcome == "failed"
    assert "w0 waits in record checkpoint//train" in events[-1].reason


def test_a_run_without_checkpoints_waits_for_its_leader_s_records_only(runner):
    text = SAVING.replace(", checkpoint_every: 10", "") + "faults:\n  - {kind: storage-full, at: 300 ms, lasts: 5 s}\n"
    events = runner("simulated", "ring", text)
    assert {e.text for e in of_kind(events, Warned) if e.code == "storage-full"} == {
        "leader waits to record done/0/train: the storage is full"
    }
    assert max(e.t_s for e in of_kind(events, StepsFinished)) < 5.3 < events[-1].t_s


def test_parts_of_a_model_that_are_saved_side_by_side_fill_the_room_that_is_left(runner):
    room = "faults:\n  - {kind: storage-full, at_step: 1, lasts: 20 s, room: %s}\n"
    few, more, ring = (
        [e.t_s for e in of_kind(runner("simulated", "ring", text + room % size), Warned) if e.code == "storage-full"]
        for text, size in ((SHARDED, "60 kB"), (SHARDED, "200 kB"), (SAVING, "60 kB"))
    )
    assert few and more and few[0] < more[0]
    assert not ring  # whose checkpoint takes the place of the one before


@pytest.mark.parametrize("text", [SAVING, SERVER, SHARDED], ids=["ring", "server", "sharded"])
@pytest.mark.parametrize(("corrupted", "begins"), [(0, 30), (1, 20)])
def test_a_restart_falls_back_to_the_checkpoint_before_the_unusable_one(runner, text, corrupted, begins):
    fault = "  - {kind: corrupt-checkpoint, at_step: 35}\n" * corrupted
    events = runner("simulated", "ring", text + "faults:\n" + fault + CRASH.replace("w1", "w0"))
    lost_s = of_kind(events, WorkerFailed)[0].t_s
    assert events[-1].outcome == "finished"
    assert next(e.first for e in of_kind(events, StepsFinished) if e.t_s > lost_s + 0.02) == begins


@pytest.mark.parametrize(
    ("faults", "said", "begins"),
    [
        (
            "  - {kind: corrupt-checkpoint, at_step: 35}\n",
            ["the checkpoint of train after step 30 is unusable; a restart begins at the one after step 20"],
            20,
        ),
        (
            "  - {kind: corrupt-checkpoint, at_step: 35}\n  - {kind: corrupt-checkpoint, at_step: 36}\n",
            [
                "the checkpoint of train after step 30 is unusable; a restart begins at the one after step 20",
                "no checkpoint is recorded that could become unusable",
            ],
            20,
        ),
        (
            "  - {kind: corrupt-checkpoint, at_step: 15}\n",
            ["the checkpoint of train after step 10 is unusable; a restart begins from the start"],
            30,
        ),
        (
            "  - {kind: corrupt-checkpoint, at_step: 3}\n",
            ["no checkpoint is recorded that could become unusable"],
            30,
        ),
    ],
    ids=["the last", "no more than the last", "the first", "none"],
)
def test_what_became_unusable_is_told_as_a_fact(runner, faults, said, begins):
    events = runner("simulated", "ring", SAVING + "faults:\n" + faults + CRASH)
    warned = [e for e in of_kind(events, Warned) if e.code in ("corrupt-checkpoint", "fault-refused")]
    assert [e.text for e in warned] == said
    struck = [e for e in of_kind(events, FaultBegan) if e.kind == "corrupt-checkpoint"]
    assert len(struck) == sum(e.code == "corrupt-checkpoint" for e in warned)
    lost_s = of_kind(events, WorkerFailed)[0].t_s
    assert next(e.first for e in of_kind(events, StepsFinished) if e.t_s > lost_s + 0.02) == begins


def test_one_part_of_a_checkpoint_that_is_unusable_makes_all_of_it_count_no_more(runner):
    events = runner("simulated", "ring", SHARDED + "faults:\n  - {kind: corrupt-checkpoint, at_step: 35}\n" + CRASH)
    [told] = [e.text for e in of_kind(events, Warned) if e.code == "corrupt-checkpoint"]
    assert told.startswith("part ") and "of the checkpoint of train after step 30 is unusable" in told


def test_random_corruption_comes_from_the_seed(runner):
    text = SAVING + "faults:\n  - {kind: corrupt-checkpoint, every: 100 ms}\n"
    first, again = ([(e.t_s, e.text) for e in of_kind(runner("simulated", "ring", text), Warned)] for _ in range(2))
    assert len(first) > 2 and first == again
