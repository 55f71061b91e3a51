"""A ring that is foreseen as a whole ends when, and in the order in which, its messages would have it end."""

import random

import pytest

from workbench.architectures.operations import Agree, AllReduce, Send, Wait, WorkerLost
from workbench.engines.simulated import gatherings
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.world import World
from workbench.studies.score.laboratory import GivenWork

STARTS_S = {"together": lambda draw: 0.01, "in groups": lambda draw: draw.choice([0.01, 0.011, 0.02]), "alone": None}


class Trial:
    """A drawn team whose members meet a few times, and what befalls it on the way."""

    def __init__(self, seed):
        self.draw = draw = random.Random(seed)
        self.team = tuple(f"w{number}" for number in range(draw.choice([4, 5, 6, 8, 9, 16])))
        self.size, self.rounds = draw.choice([1e6, 1e6 + 1, 64.0]), draw.randint(1, 4)
        rate = draw.choice([1e7, 1e8, 1e9])
        unequal = draw.choice([0.0, 0.3])
        own = {name: rate / draw.choice([2, 3]) for name in self.team if draw.random() < unequal}
        network = Network(rate, draw.choice([1e-4, 0.0, 1e-3]), own=own)
        self.world = World(network, GivenWork(self.size), lambda event, who: None, draw.choice([1e-3, 0.05]))
        self.story, self.calls = [], 0
        pick = STARTS_S[draw.choice(sorted(STARTS_S))] or (lambda draw: draw.random() * 0.02)
        self.waits_s = {(name, number): pick(draw) for name in self.team for number in range(self.rounds)}
        self.agrees, self.writes = draw.random() < 0.3, draw.random() < 0.4
        order = draw.sample(self.team, len(self.team)) if draw.random() < 0.5 else list(self.team)
        for name in self.team:
            self.world.add(name, self._program(name))
        self.world.add("outside", self._outsider())
        self.world.start([*order, "outside"])
        for _ in range(draw.choice([0, 0, 1, 2, 4])):
            kind, who = draw.choice(["freeze", "kill", "slow", "late", "cut"]), draw.choice(self.team)
            self.world.clock.call_at(draw.random() * 0.08, self._strike, (kind, who, draw.random() * 0.03))

    def _tell(self, *what):
        self.story.append((*what, self.world.clock.now))

    def _program(self, name):
        team, number = self.team, 0
        while number < self.rounds:
            yield Wait(self.waits_s[name, number])
            try:
                yield AllReduce(team, Blob(self.size))
                self._tell("summed", name, number)
                if self.agrees:
                    self._tell("agreed", name, (yield Agree(team, number)))
                number += 1
            except WorkerLost as lost:
                while lost is not None:
                    team, gone, lost = tuple(other for other in team if other != lost.worker), lost.worker, None
                    self._tell("lost", name, gone)
                    try:
                        number = yield Agree(team, number)
                    except WorkerLost as again:
                        lost = again

    def _outsider(self):
        """Letters take the links of members while these meet."""
        for _ in range(8 if self.writes else 0):
            yield Wait(0.003 + self.draw.random() * 0.01)
            yield Send(self.draw.choice(self.team), Blob(1e5), "x")

    def _strike(self, what):
        kind, who, lasts_s = what
        world, member = self.world, self.world.members[who]
        if member.finished or member.frozen or world.cuts.is_cut_off(who):
            return
        self._tell(kind, who)
        if kind == "kill":
            world.kill(who)
        elif kind == "freeze":
            world.freeze(who)
            world.clock.call_in(lasts_s, lambda _: world.thaw(who))
        elif kind == "cut":
            cut = {who}
            world.cuts.begin(cut)
            world.clock.call_in(lasts_s, lambda _: world.cuts.reach(cut, who))
        else:
            slower = (who, 2.0, 0.0) if kind == "slow" else (who, 1.0, lasts_s / 10)
            world.network.links.begin(*slower)
            world.clock.call_in(lasts_s, lambda _: world.network.links.end(*slower))

    def found(self):
        """All that can be seen, up to a drawn end."""
        until_s = self.draw.choice([10.0, 0.03, 0.05])
        while self.world.clock.next_s <= until_s:
            self.world.clock.run_slice(until_s, 1)
            self.calls += 1
        self.world.clock.advance_to(until_s)
        self.world.close()
        network = self.world.network
        sent = {name: size for name, size in self.world.sent_bytes.items() if size}
        return self.story, sent, network.up_free_s, network.down_free_s


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_what_is_foreseen_is_what_messages_one_by_one_lead_to_whatever_happens_on_the_way(first, monkeypatch):
    calls = []
    for seed in range(first, first + 30):
        foreseen = Trial(seed)
        found = foreseen.found()
        with monkeypatch.context() as patch:
            patch.setattr(gatherings, "can_be_foreseen", lambda world, team: False)
            by_message = Trial(seed)
            assert found == by_message.found(), seed
        calls.append((foreseen.calls, by_message.calls))
    assert any(few < many / 4 for few, many in calls) and all(few <= many for few, many in calls)


def ends(members, starts_s, monkeypatch=None):
    """Who is done when, in order, and how many calls of the clock that took."""
    world, done = World(Network(1e9, 1e-5), GivenWork(1e6), lambda event, who: None), []
    team = tuple(f"w{number}" for number in range(members))

    def program(name, start_s):
        yield Wait(start_s)
        yield AllReduce(team, Blob(1e6))
        done.append((name, world.clock.now))

    for number, name in enumerate(team):
        world.add(name, program(name, starts_s[number % len(starts_s)]))
    world.start(team)
    calls = 0
    while world.clock.run_slice(1e9, 1):
        calls += 1
    return done, calls


@pytest.mark.parametrize("starts_s", [(0.01,), (0.01, 0.02), (0.03, 0.01, 0.01)])
def test_members_to_whom_a_ring_ends_at_once_go_on_in_the_order_of_its_messages(starts_s, monkeypatch):
    found, few = ends(64, starts_s)
    monkeypatch.setattr(gatherings, "can_be_foreseen", lambda world, team: False)
    by_message, many = ends(64, starts_s)
    assert found == by_message and len({at_s for _, at_s in found}) < 64
    assert few < 4 * 64 and many > 64 * 126
