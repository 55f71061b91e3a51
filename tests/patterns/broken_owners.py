"""Owners with one thing broken in their own processes, so that expectations of real runs are missed."""

from workbench.architectures import owner
from workbench.engines.real import member


def greedy(seat, tell):
    """The first worker is to own every partition."""
    owner.quota = lambda worker, present, partitions: (partitions if worker == present[0] else 0, 0)
    return member.from_scenario(seat, tell)


def patient(seat, tell):
    """Leases are four times as long as the scenario says."""
    made = owner.Owner.__init__

    def long(self, me, work, partitions, lease_s, decision_s, poll_s):
        made(self, me, work, partitions, 4 * lease_s, decision_s, poll_s)

    owner.Owner.__init__ = long
    return member.from_scenario(seat, tell)
