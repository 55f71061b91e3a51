"""Loss, freezing and waiting in virtual time."""

from workbench.architectures.operations import (
    Agree,
    AllReduce,
    Letter,
    Recall,
    Receive,
    Record,
    Send,
    TimedOut,
    Wait,
    WorkerLost,
)
from workbench.engines.simulated.member import waiting_text
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.world import World


class NoWork:
    def seconds(self, member, operation, now_s):
        return 1.0

    def answer(self, member, operation):
        return Blob(0)


def play(programs, before=lambda world: None):
    """Carry programs out; the world, and what each returned or raised."""
    world = World(Network(1e9, 1e-3), NoWork(), lambda event, who: None, detection_s=0.01)
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


def test_a_loss_is_told_behind_the_last_letter_of_the_lost_member():
    def talker():
        yield Send("b", "last words")
        yield Wait(10)

    def listener():
        letter = yield Receive("a")
        try:
            yield Receive("a")
        except WorkerLost as lost:
            return letter.what, lost.worker

    _, answers = play({"a": talker(), "b": listener()}, lambda w: w.clock.call_at(0.5, lambda _: w.kill("a")))
    assert answers["b"] == ("last words", "a")


def test_a_loss_is_told_to_each_survivor_of_a_collective_once():
    team = ("a", "b", "c")

    def member(me):
        if me == "c":
            yield Wait(10)
        losses = []
        for _ in range(2):
            try:
                yield AllReduce(team, Blob(8))
            except WorkerLost as lost:
                losses.append(lost.worker)
                break
        least = yield Agree(("a", "b"), {"a": 4, "b": 3}[me])
        return losses, least

    _, answers = play({n: member(n) for n in team}, lambda w: w.clock.call_at(0.5, lambda _: w.kill("c")))
    assert answers == {"a": (["c"], 3), "b": (["c"], 3)}


def test_letters_to_the_dead_are_dropped_and_a_new_life_starts_with_an_empty_box():
    def sender():
        yield Wait(1)
        yield Send("b", "lost")
        yield Wait(2)
        yield Send("b", "heard")

    def receiver():
        letter = yield Receive()
        return letter.what

    def faults(world):
        world.clock.call_at(0.5, lambda _: world.kill("b"))
        world.clock.call_at(2.0, lambda _: (world.add("b", again()), world.start(["b"])))

    heard = []

    def again():
        letter = yield Receive("a")
        heard.append(letter.what)

    play({"a": sender(), "b": receiver()}, faults)
    assert heard == ["heard"]


def test_who_comes_back_is_told_who_is_not_there():
    def waits_for_anybody():
        try:
            yield Receive()
        except WorkerLost as lost:
            told.append(lost.worker)

    def idle():
        yield Wait(1)

    def faults(world):
        for name in ("a", "b"):
            world.clock.call_at(0.5, lambda _, name=name: world.kill(name))
        world.clock.call_at(2.0, lambda _: (world.add("a", waits_for_anybody()), world.start(["a"])))

    told = []
    play({"a": idle(), "b": idle()}, faults)
    assert told == ["b"]


def test_a_loss_is_out_of_date_once_a_letter_comes_from_one_who_knew_of_the_return():
    def leader():
        while True:
            letter = yield from surviving(Receive())
            if letter.tag == "back":
                yield Send("w", None, "do")
                return "sent"

    def surviving(operation):
        while True:
            try:
                return (yield operation)
            except WorkerLost:
                continue

    def worker():
        yield Receive("leader", "do")
        yield Send("x", None, "hello")
        return (yield Receive("x", "answer")).tag

    def lost_at_first():
        yield Wait(100)

    def returned():
        yield Send("leader", None, "back")
        yield Receive("w", "hello")
        yield Send("w", None, "answer")

    def faults(world):
        world.clock.call_at(0.5, lambda _: world.kill("x"))
        world.clock.call_at(2.0, lambda _: (world.add("x", returned()), world.start(["x"])))

    _, answers = play({"leader": leader(), "w": worker(), "x": lost_at_first()}, faults)
    assert (answers["leader"], answers["w"]) == ("sent", "answer")


def test_a_return_before_the_loss_was_noticed_is_heard_of_behind_it():
    heard = []

    def listener():
        while len(heard) < 2:
            try:
                heard.append((yield Receive()).tag)
            except WorkerLost as lost:
                heard.append(lost.worker)

    def idle():
        yield Wait(100)

    def returned():
        yield Send("a", None, "back")

    def faults(world):
        world.clock.call_at(0.5, lambda _: world.kill("b"))
        world.clock.call_at(0.501, lambda _: (world.add("b", returned()), world.start(["b"])))

    play({"a": listener(), "b": idle()}, faults)
    assert heard == ["b", "back"]


def test_a_frozen_member_goes_on_where_it_was():
    ended = []

    def worker():
        yield Wait(2)
        letter = yield Receive("b")
        ended.append(letter)

    def other():
        yield Send("a", "hello")

    def faults(world):
        world.clock.call_at(1.0, lambda _: world.freeze("a"))
        world.clock.call_at(5.0, lambda _: world.thaw("a"))

    world, _ = play({"a": worker(), "b": other()}, faults)
    assert ended == [Letter("b", "", "hello")]
    assert world.clock.now == 6.0  # one second of waiting was left when it froze


def test_a_receive_with_a_timeout_gives_up_in_time():
    def waiter():
        try:
            yield Receive(timeout_s=2.5)
        except TimedOut:
            return "gave up"

    world, answers = play({"a": waiter()})
    assert (answers["a"], world.clock.now) == ("gave up", 2.5)


def test_what_is_recorded_is_recalled_by_prefix():
    def program():
        yield Record((("done/1", 1), ("other", 2)))
        return (yield Recall("done/"))

    assert play({"a": program()})[1]["a"] == {"done/1": 1}


def test_who_waits_for_whom_is_named_when_nobody_can_go_on():
    def waiter(other):
        yield Receive(other, "word")

    world, _ = play({"a": waiter("b"), "b": waiter("a")})
    assert waiting_text(world.unfinished) == "a waits in receive word from b; b waits in receive word from a"


def test_a_letter_that_is_under_way_to_a_killed_member_wakes_nobody():
    def sender():
        yield Send("b", Blob(1e9), "late")

    def listener():
        yield Receive("a")

    world, answers = play({"a": sender(), "b": listener()}, lambda w: w.clock.call_at(0.5, lambda _: w.kill("b")))
    assert world.clock.now > 1 and set(answers) == {"a"}
