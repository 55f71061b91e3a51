"""One contract of what is recorded and who holds a lease, which the store of each engine keeps."""

import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from workbench.architectures.operations import Claim, LeaseLost, Recall, Record, Release, Renew
from workbench.engines.real import store as real
from workbench.engines.simulated import store as simulated


class Simulated:
    """The simulated store, asked by members of whom it knows the name."""

    def __init__(self, folder):
        self.clock = SimpleNamespace(now=100.0)
        self.store = simulated.Store(self.clock)

    def advance(self, seconds):
        self.clock.now += seconds

    def record(self, entries, under=None):
        return self.store.record(SimpleNamespace(name="any"), Record(entries, under))

    def fits(self, *entries):
        return self.store.record(SimpleNamespace(name="any"), Record(entries)) is None

    def fill(self, room_bytes):
        self.store.fill(room_bytes)

    def corrupt(self):
        return self.store.corrupt()

    def recall(self, prefix=""):
        return self.store.recall(SimpleNamespace(name="any"), Recall(prefix))

    def claim(self, holder, name, for_s):
        return self.store.claim(SimpleNamespace(name=holder), Claim(name, for_s))

    def renew(self, leases):
        return self.store.renew(SimpleNamespace(name="any"), Renew(leases))

    def release(self, lease):
        return self.store.release(SimpleNamespace(name="any"), Release(lease))


class Real:
    """The real store, asked over a connection of each member's own, by a clock that the test moves."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        real.create(folder)
        self.now, self.folder, self.connections = 100.0, folder, {}

    def advance(self, seconds):
        self.now += seconds

    def of(self, member):
        if member not in self.connections:
            self.connections[member] = real.Store(self.folder, lambda: self.now)
        return self.connections[member]

    def record(self, entries, under=None):
        return self.of(under.holder if under else "any").record(entries, under)

    def fits(self, *entries):
        try:
            self.record(entries)
        except real.Full:
            return False
        return True

    def fill(self, room_bytes):
        self.of("any").fill(room_bytes)

    def corrupt(self):
        return self.of("any").corrupt()

    def recall(self, prefix=""):
        return self.of("any").recall(prefix)

    def claim(self, holder, name, for_s):
        return self.of(holder).claim(holder, name, for_s)

    def renew(self, leases):
        return self.of("any").renew(leases)

    def release(self, lease):
        return self.of(lease.holder).release(lease)


STORES = {"simulated": Simulated, "real": Real}


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    return STORES[request.param](tmp_path / "store")


def test_what_is_recorded_later_under_a_key_takes_its_place(store):
    store.record((("a/1", 1), ("a/2", {"x": [1.5, "two", None, True]})))
    store.record((("a/1", "new"),))
    assert store.recall("a/") == {"a/1": "new", "a/2": {"x": [1.5, "two", None, True]}}


def test_arrays_are_recalled_as_they_were_recorded(store):
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    store.record((("weights/0", [7, weights]),))
    step, recalled = store.recall("weights/")["weights/0"]
    assert step == 7 and recalled.dtype == weights.dtype
    np.testing.assert_array_equal(recalled, weights)


def test_a_recall_finds_what_begins_with_its_prefix_and_nothing_else(store):
    store.record((("p1/done/0", 1), ("p1/done/1", 2), ("p1/sent/0", 3), ("p10/done/0", 4), ("p", 5)))
    found = {prefix: sorted(store.recall(prefix).values()) for prefix in ("p1/", "p1/done/", "p1", "", "q")}
    assert found == {"p1/": [1, 2, 3], "p1/done/": [1, 2], "p1": [1, 2, 3, 4], "": [1, 2, 3, 4, 5], "q": []}


def test_a_name_is_leased_to_one_at_a_time_and_to_the_next_with_a_greater_token(store):
    first = store.claim("a", "key", 2.0)
    assert (first.holder, first.token) == ("a", 1)
    assert store.claim("b", "key", 2.0) is None
    store.advance(1.9)
    assert store.claim("b", "key", 2.0) is None
    store.advance(0.1)
    assert store.claim("b", "key", 2.0).token == 2
    assert store.claim("b", "other", 2.0).token == 1


def test_a_renewed_lease_lasts_as_long_again_and_one_that_has_ended_is_not_renewed(store):
    kept, lost = store.claim("a", "kept", 2.0), store.claim("a", "lost", 1.0)
    store.advance(1.5)
    assert store.renew((kept, lost)) == (kept,)
    store.advance(1.5)
    assert store.recall("lease/") == {"lease/kept": ["a", 1]}
    store.advance(0.5)
    assert store.recall("lease/") == {} and store.renew((kept, lost)) == ()


def test_a_released_name_is_free_at_once_and_releasing_what_has_ended_takes_nothing_from_its_new_holder(store):
    first = store.claim("a", "key", 9.0)
    store.release(first)
    second = store.claim("b", "key", 9.0)
    store.release(first)
    assert (second.token, store.renew((first, second))) == (2, (second,))


def test_who_comes_back_is_granted_its_own_lease_anew_and_the_old_one_is_void(store):
    first, second = store.claim("a", "key", 9.0), store.claim("a", "key", 9.0)
    assert (first.token, second.token) == (1, 2)
    assert store.renew((first, second)) == (second,)
    with pytest.raises(LeaseLost):
        store.record((("done/1", "of an earlier life"),), first)


def test_who_has_lost_a_lease_records_nothing_under_it_not_even_in_part(store):
    lease = store.claim("a", "key", 1.0)
    store.record((("done/0", "in time"),), lease)
    store.advance(1.0)
    with pytest.raises(LeaseLost) as lost:
        store.record((("done/0", "late"), ("done/1", "late")), lease)
    assert lost.value.name == "key"
    store.record((("done/2", "by the next"),), store.claim("b", "key", 1.0))
    with pytest.raises(LeaseLost):
        store.record((("done/2", "late"),), lease)
    assert store.recall("done/") == {"done/0": "in time", "done/2": "by the next"}


def test_a_record_renews_the_lease_under_which_it_is_made(store):
    lease = store.claim("a", "key", 1.0)
    for step in range(5):
        store.advance(0.9)
        store.record(((f"step/{step}", step),), lease)
    assert len(store.recall("step/")) == 5


def test_leases_are_recalled_by_the_names_that_they_hold(store):
    for name in ("here/a", "here/b", "partition/0"):
        store.claim(name[-1], name, 2.0)
    assert store.recall("lease/here/") == {"lease/here/a": ["a", 1], "lease/here/b": ["b", 1]}
    assert set(store.recall("lease/")) == {"lease/here/a", "lease/here/b", "lease/partition/0"}
    assert store.recall("") == {}


def test_a_full_store_takes_no_more_than_its_room_and_renews_leases_all_the_same(store):
    lease, large = store.claim("a", "key", 1.0), "x" * 8000
    store.record((("weights/0", large),))
    store.fill(6000.0)
    assert not store.fits(("weights/1", large))
    assert store.fits(("weights/2", large[:4000])) and not store.fits(("weights/3", large[:4000]))
    store.advance(0.5)
    assert store.renew((lease,)) == (lease,)
    assert set(store.recall("weights/")) == {"weights/0", "weights/2"}


def test_what_is_replaced_in_a_full_store_makes_room(store):
    large = "x" * 8000
    store.record((("weights/0", large),))
    store.fill(9000.0)
    assert store.fits(("weights/0", large[:10])) and store.fits(("weights/1", large))


def test_of_a_damaged_checkpoint_the_one_before_is_recalled(store):
    key = "checkpoint/0/train"
    for step in (10, 20, 30):
        store.record(((key, [step, "weights"]), ("done/0", step)))
    assert store.recall("checkpoint/")[key][0] == 30
    assert store.corrupt() == (key, [30, "weights"], [20, "weights"])
    assert store.recall("checkpoint/") == {key: [20, "weights"]} and store.recall("done/") == {"done/0": 30}
    store.record(((key, [40, "weights"]),))
    assert store.recall(key)[key][0] == 40


def test_a_damaged_checkpoint_without_one_before_is_no_checkpoint_and_the_last_of_several_is_damaged_first(store):
    assert store.corrupt() is None
    for name in ("a", "b"):
        store.record(((f"checkpoint/{name}", [5]),))
    assert store.corrupt() == ("checkpoint/b", [5], None)
    assert store.recall("checkpoint/") == {"checkpoint/a": [5]}
    assert store.corrupt() == ("checkpoint/a", [5], None)
    assert store.recall("") == {} and store.corrupt() is None


NAMES, HOLDERS = st.sampled_from(("x", "y")), st.sampled_from(("a", "b", "c"))


class SideBySide(RuleBasedStateMachine):
    """The same orders to both stores are answered alike, and only the last holder of a name records under it."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.stores = [kind(Path(self.folder.name) / name) for name, kind in STORES.items()]
        self.leases, self.count = [], 0

    def teardown(self):
        self.folder.cleanup()

    def both(self, ask):
        answers = []
        for store in self.stores:
            try:
                answers.append(ask(store))
            except LeaseLost as lost:
                answers.append(f"lost {lost.name}")
        assert answers[0] == answers[1]
        return answers[0]

    @rule(holder=HOLDERS, name=NAMES, for_s=st.sampled_from((1.0, 3.0)))
    def claim(self, holder, name, for_s):
        if (lease := self.both(lambda store: store.claim(holder, name, for_s))) is not None:
            self.leases.append(lease)

    @rule(data=st.data())
    def record(self, data):
        if self.leases:
            lease, self.count = data.draw(st.sampled_from(self.leases)), self.count + 1
            answer = self.both(lambda store: store.record(((f"{lease.name}/last", self.count),), lease))
            newest = max(one.token for one in self.leases if one.name == lease.name)
            assert answer == f"lost {lease.name}" or lease.token == newest

    @rule()
    def renew(self):
        self.both(lambda store: store.renew(tuple(self.leases)))

    @rule(data=st.data())
    def release(self, data):
        if self.leases:
            lease = data.draw(st.sampled_from(self.leases))
            self.both(lambda store: store.release(lease))

    @rule(seconds=st.sampled_from((0.5, 1.0, 2.0)))
    def advance(self, seconds):
        for store in self.stores:
            store.advance(seconds)

    @invariant()
    def tell_the_same(self):
        for prefix in ("", "x/", "lease/"):
            self.both(lambda store, prefix=prefix: store.recall(prefix))


SideBySide.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestStoresSideBySide = SideBySide.TestCase


# --- what only a store on a disk must keep ---------------------------------------------------------------------------


def test_a_checkpoint_whose_bytes_have_changed_on_the_disk_is_not_believed(tmp_path):
    store = Real(tmp_path)
    for step in (1, 2):
        store.record((("checkpoint/0", [step, np.arange(100.0)]),))
    connection = store.of("any")._connection
    connection.execute("UPDATE checkpoint SET value = zeroblob(length(value)) WHERE number = 2")
    assert store.recall("checkpoint/")["checkpoint/0"][0] == 1


def test_only_the_last_two_of_each_checkpoint_are_kept(tmp_path):
    store = Real(tmp_path)
    for step in range(9):
        store.record((("checkpoint/a", step), ("checkpoint/b", step)))
    assert store.of("any")._connection.execute("SELECT count(*) FROM checkpoint").fetchone() == (4,)


def test_a_store_that_is_opened_again_keeps_records_and_tokens_and_its_leases_have_ended(tmp_path):
    before = Real(tmp_path)
    old = before.claim("a", "key", 1e9)
    before.record((("done/0", 1),), old)
    after = Real(tmp_path)
    assert after.recall("") == {"done/0": 1} and after.recall("lease/") == {}
    assert after.claim("b", "key", 1.0).token == 2
    with pytest.raises(LeaseLost):
        after.record((("done/1", 2),), old)
