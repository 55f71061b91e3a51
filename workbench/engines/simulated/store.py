"""The store of a simulated run: what was recorded, and who holds a lease of what; no member takes it along."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from workbench.architectures.operations import Claim, Lease, LeaseLost, Recall, Record, Release, Renew
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.member import PENDING, Member
from workbench.engines.simulated.network import size_bytes

LEASES, CHECKPOINTS = "lease", "checkpoint"


class Store:
    """Entries by key, and leases by name. Every operation is one commit that takes no time.

    While it is full, records of more than `room_bytes` wait; leases are renewed in place, and wait for nothing. Of each
    checkpoint the one before is kept, for a restart that finds the last one unusable.

    A lease ends by the clock. Tokens of a name only grow, so that who lost a lease cannot record under it any more
    (fencing; Burrows, "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006, section 2.4).
    """

    def __init__(self, clock: Clock):
        self.clock = clock
        self.entries: dict[str, dict[str, Any]] = {}  # by what comes before the first slash, so that recalls stay quick
        self.leases: dict[str, tuple[Lease, float]] = {}  # the last one of each name, and when it ends
        self.room_bytes = inf
        self.waiting: list[tuple[Member, Record]] = []
        self.waits: Callable[[str, Record], None] = lambda member, operation: None  # told of who has to wait
        self.saved: dict[str, Any] = {}  # checkpoints by key, the last recorded one last; each with the one before it

    def record(self, member: Member, operation: Record) -> Any:
        if operation.under is not None and not self._holds(operation.under):
            raise LeaseLost(operation.under.name)
        if self.room_bytes < inf and not self._fits(operation):
            self.waiting.append((member, operation))
            self.waits(member.name, operation)
            return PENDING
        if operation.under is not None:
            self._extend(operation.under)
        for key, value in operation.entries:
            kept = self.entries.setdefault(key.partition("/")[0], {})
            if key.startswith(f"{CHECKPOINTS}/"):
                self.saved.pop(key, None)
                self.saved[key] = kept.get(key)
            kept[key] = value
        return None

    # --- what goes wrong with it -----------------------------------------------------------------------------------

    def fill(self, room_bytes: float) -> None:
        """From now on no more than this fits."""
        self.room_bytes = room_bytes

    def clear(self) -> None:
        """There is room again: what waited is recorded, in its order."""
        self.room_bytes = inf
        waiting, self.waiting = self.waiting, []
        for member, operation in waiting:
            member.try_again(operation)

    def _fits(self, operation: Record) -> bool:
        """Whether there is room for the new beside the old; what is replaced makes room for what comes after."""
        size = size_bytes(operation.entries)
        if size > self.room_bytes:
            return False
        old = [(key, self.entries.get(key.partition("/")[0], {}).get(key)) for key, _ in operation.entries]
        self.room_bytes += size_bytes([entry for entry in old if entry[1] is not None]) - size
        return True

    def corrupt(self) -> tuple[str, Any, Any] | None:
        """Make the checkpoint that was recorded last unusable: its key, it, and the one before; None without one."""
        if not self.saved:
            return None
        key, before = self.saved.popitem()
        kept = self.entries[CHECKPOINTS]
        last = kept.pop(key)
        if before is not None:
            kept[key] = before
        return key, last, before

    # --- what is asked of it ---------------------------------------------------------------------------------------

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
