"""The store of a simulated run: what was recorded, and who holds a lease of what; no member takes it along."""

from __future__ import annotations

from typing import Any

from workbench.architectures.operations import Claim, Lease, LeaseLost, Recall, Record, Release, Renew
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.member import Member

LEASES = "lease"


class Store:
    """Entries by key, and leases by name. Every operation is one commit that takes no time.

    A lease ends by the clock. Tokens of a name only grow, so that who lost a lease cannot record under it any more
    (fencing; Burrows, "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006, section 2.4).
    """

    def __init__(self, clock: Clock):
        self.clock = clock
        self.entries: dict[str, dict[str, Any]] = {}  # by what comes before the first slash, so that recalls stay quick
        self.leases: dict[str, tuple[Lease, float]] = {}  # the last one of each name, and when it ends

    def record(self, member: Member, operation: Record) -> None:
        if operation.under is not None:
            if not self._holds(operation.under):
                raise LeaseLost(operation.under.name)
            self._extend(operation.under)
        for key, value in operation.entries:
            self.entries.setdefault(key.partition("/")[0], {})[key] = value

    def recall(self, member: Member, operation: Recall) -> dict[str, Any]:
        top, slash, _ = operation.prefix.partition("/")
        if top == LEASES:
            held = ((f"{LEASES}/{name}", lease) for name, (lease, _) in self.leases.items() if self._holds(lease))
            return {key: [lease.holder, lease.token] for key, lease in held if key.startswith(operation.prefix)}
        if slash:
            found = self.entries.get(top, {})
            return {key: value for key, value in found.items() if key.startswith(operation.prefix)}
        every = (found for name, found in self.entries.items() if name.startswith(top))
        return {key: value for found in every for key, value in found.items()}

    def claim(self, member: Member, operation: Claim) -> Lease | None:
        last, _ = self.leases.get(operation.name, (None, 0.0))
        if last is not None and last.holder != member.name and self._holds(last):
            return None
        lease = Lease(operation.name, member.name, last.token + 1 if last else 1, operation.for_s)
        self._extend(lease)
        return lease

    def renew(self, member: Member, operation: Renew) -> tuple[Lease, ...]:
        kept = tuple(lease for lease in operation.leases if self._holds(lease))
        for lease in kept:
            self._extend(lease)
        return kept

    def release(self, member: Member, operation: Release) -> None:
        if self._holds(operation.lease):
            self.leases[operation.lease.name] = operation.lease, self.clock.now

    def _holds(self, lease: Lease) -> bool:
        last, ends_s = self.leases[lease.name]
        return last.token == lease.token and ends_s > self.clock.now

    def _extend(self, lease: Lease) -> None:
        self.leases[lease.name] = lease, self.clock.now + lease.for_s
