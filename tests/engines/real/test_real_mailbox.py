"""The order of letters and losses, decided without processes."""

import pytest

from workbench.architectures.operations import AllReduce, Letter, Receive, WorkerLost
from workbench.engines.real.mailbox import Arrival, Loss, Mailbox

ANY = Receive()


def box(*entries):
    mailbox = Mailbox()
    for entry in entries:
        mailbox.put(entry if isinstance(entry, Loss) else Arrival(*entry))
    return mailbox


def letter(sender, what=None, known=None):
    return Letter(sender, "t", what), known or {}


def test_letters_come_in_the_order_of_arrival_up_to_the_most():
    mailbox = box(letter("a", 1), letter("b", 2), letter("a", 3))
    assert [x.what for x in mailbox.take(Receive(most=2))] == [1, 2]
    assert mailbox.take(ANY).what == 3
    assert mailbox.take(ANY) is None


def test_a_named_sender_leaves_the_letters_of_others_where_they_are():
    mailbox = box(letter("a", 1), letter("b", 2))
    assert mailbox.take(Receive("b")).what == 2
    assert mailbox.take(ANY).what == 1


def test_a_loss_comes_once_behind_the_last_letter_of_the_lost_and_before_later_letters():
    mailbox = box(letter("a", 1), Loss("a", 0), letter("b", 2))
    assert [x.what for x in mailbox.take(Receive(most=64))] == [1]
    with pytest.raises(WorkerLost, match="a"):
        mailbox.take(Receive(most=64))
    assert mailbox.take(ANY).what == 2


def test_a_loss_that_does_not_concern_a_receive_waits_for_one_that_it_does():
    mailbox = box(Loss("a", 0), letter("b", 2))
    assert mailbox.take(Receive("b")).what == 2
    with pytest.raises(WorkerLost):
        mailbox.tell_loss(AllReduce(("a", "b")))
    mailbox.tell_loss(AllReduce(("a", "b")))


def test_a_loss_is_out_of_date_once_a_letter_comes_from_one_who_knows_that_the_lost_is_back():
    mailbox = box(Loss("a", 0), letter("leader", "do", {"a": 1}))
    mailbox.take(Receive("leader"))
    mailbox.tell_loss(AllReduce(("a", "b")))
    assert mailbox.known == {"a": 1}


def test_a_loss_of_the_new_incarnation_is_not_out_of_date():
    mailbox = box(letter("leader", "do", {"a": 1}), Loss("a", 1))
    mailbox.take(Receive("leader"))
    with pytest.raises(WorkerLost):
        mailbox.tell_loss(AllReduce(("a", "b")))
