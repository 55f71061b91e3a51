"""Silence and deadlock, decided from beats alone."""

from workbench.engines.real.watchdog import Watchdog

LIMIT_S = 10.0


def watchdog(**beats):
    dog = Watchdog(LIMIT_S, LIMIT_S)
    for member, (doing, label, whom, since_s, at_s) in beats.items():
        dog.begin(member, 0.0)
        lanes = doing if isinstance(doing, list) else [(label, whom, since_s, doing)]
        dog.hear(member, {"doing": lanes, "at_s": at_s}, at_s)
    return dog


def waiting(label, since_s, at_s, whom=(), doing="receive"):
    return doing, label, whom, since_s, at_s


AT_WORK = ("", "", (), 0.0, 20.0)


def test_members_that_have_all_waited_together_for_long_are_deadlocked_and_named():
    dog = watchdog(a=waiting("receive x from b", 5.0, 20.0), b=waiting("receive x from a", 9.0, 19.5))
    assert dog.deadlock() == "a waits in receive x from b; b waits in receive x from a"


def test_one_member_at_work_is_no_deadlock():
    assert not watchdog(a=waiting("receive x from b", 0.0, 20.0), b=AT_WORK).deadlock()


def test_a_member_whose_wait_ends_by_itself_is_no_deadlock():
    assert not watchdog(a=waiting("receive x from any", 0.0, 20.0, doing="timed receive")).deadlock()


def test_waits_that_did_not_overlap_for_long_are_no_deadlock():
    assert not watchdog(a=waiting("receive x from b", 0.0, 20.0), b=waiting("receive x from a", 12.0, 20.0)).deadlock()


def test_a_sum_that_the_whole_team_is_in_is_under_way():
    inside = {"label": "all-reduce over a b", "since_s": 0.0, "at_s": 20.0, "doing": "collective"}
    both = watchdog(a=waiting(**inside, whom=("b",)), b=waiting(**inside, whom=("a",)))
    assert not both.deadlock()


def test_a_sum_that_a_mate_never_enters_is_a_deadlock():
    a = waiting("all-reduce over a b", 0.0, 20.0, ("b",), "collective")
    assert watchdog(a=a, b=waiting("receive x from a", 0.0, 20.0)).deadlock()


def test_nothing_is_said_about_members_that_have_not_been_heard():
    dog = watchdog(a=waiting("receive x from b", 0.0, 20.0))
    dog.begin("b", 0.0)
    assert not dog.deadlock()


def test_whoever_is_not_heard_for_too_long_is_silent():
    dog = watchdog(a=AT_WORK, b=waiting("receive x from a", 0.0, 5.0))
    assert dog.silent(21.0) == ["b"]
    dog.forget("b", 21.0)
    assert dog.silent(21.0) == []


def test_what_was_waited_for_before_somebody_went_is_no_deadlock():
    dog = watchdog(a=waiting("receive x from b", 5.0, 20.0), b=AT_WORK)
    dog.forget("b", 19.0)
    assert not dog.deadlock()
    dog.hear("a", {"doing": [("receive x from b", ("b",), 5.0, "receive")], "at_s": 30.0}, 30.0)
    assert dog.deadlock()


def test_time_in_which_the_supervisor_itself_did_not_run_does_not_count_as_silence():
    dog = watchdog(a=AT_WORK)
    dog.excuse(100.0)
    assert dog.silent(121.0) == []


RESTING = ("rest until keep from a", ("a",), 19.0, "rest")


def test_a_member_waits_only_when_all_its_lanes_do_and_a_rest_is_no_reason_to_go_on_waiting():
    stuck, busy = ("receive x from b", ("b",), 5.0, "receive"), ("", (), 0.0, "")
    b = waiting("receive x from a", 5.0, 20.0)
    assert not watchdog(a=([stuck, busy], "", (), 0.0, 20.0), b=b).deadlock()
    assert not watchdog(a=([RESTING], "", (), 0.0, 20.0), b=b).deadlock()
    assert watchdog(a=([stuck, RESTING], "", (), 0.0, 20.0), b=b).deadlock().startswith("a waits in receive x from b;")
