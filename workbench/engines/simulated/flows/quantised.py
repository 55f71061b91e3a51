"""Max-min fair rates renewed at intervals, for very many transfers at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.flows.waterfill import padded, waterfill


class QuantisedNetwork:
    """Like `IncrementalNetwork`, but rates change only every `quantum_s`.

    Between two renewals rates are constant: a transfer ends when it ends, a new one waits for the next renewal, and
    what an ended one used lies idle until then. So a small transfer may take up to a quantum too long.
    """

    def __init__(
        self,
        clock: Clock,
        capacities: Iterable[float],
        path: Callable[[Any, Any], tuple[int, ...]],
        quantum_s: float,
    ):
        self.clock, self.path, self.quantum_s = clock, path, quantum_s
        self.capacities = np.array(list(capacities), dtype=np.float64)
        self.table = padded([], len(self.capacities))
        self.left_bytes = np.empty(0)
        self.rates = np.empty(0)
        self.ends: list[tuple[Callable[[Any], Any], Any]] = []
        self.new: list[tuple[tuple[int, ...], float, tuple[Callable[[Any], Any], Any]]] = []
        self.ticking = False

    def transfer(
        self,
        source: Any,
        target: Any,
        size_bytes: float,
        arrived: Callable[[Any], Any],
        argument: Any = None,
    ) -> None:
        """Begin a transfer now; `arrived(argument)` is called when its last byte is through, at once without a link."""
        path = self.path(source, target)
        if not path:
            self.clock.call_at(self.clock.now, arrived, argument)
            return
        self.new.append((path, size_bytes, (arrived, argument)))
        if not self.ticking:
            self.ticking = True
            self.clock.call_last(self._renew)

    def _renew(self, _: None) -> None:
        """Rates for a quantum; whoever ends within it will end at the time that they say."""
        stays = np.flatnonzero(self.left_bytes > self.rates * self.quantum_s)
        self.left_bytes = self.left_bytes[stays] - self.rates[stays] * self.quantum_s
        self.table = self.table[stays]
        self.ends = [self.ends[index] for index in stays.tolist()]
        self._take_new()
        if not self.ends:
            self.rates, self.ticking = np.empty(0), False
            return
        self.rates = waterfill(self.table, self.capacities)
        now_s = self.clock.now
        ending = np.flatnonzero(self.left_bytes <= self.rates * self.quantum_s)
        needs_s = self.left_bytes[ending] / self.rates[ending]
        for index, need_s in zip(ending.tolist(), needs_s.tolist(), strict=True):
            self.clock.call_at(now_s + need_s, *self.ends[index])
        self.clock.call_in(self.quantum_s, self.clock.call_last, self._renew)

    def _take_new(self) -> None:
        if not self.new:
            return
        added = padded([path for path, _, _ in self.new], len(self.capacities))
        hops = max(self.table.shape[1], added.shape[1])
        self.table = np.vstack([self._widened(self.table, hops), self._widened(added, hops)])
        self.left_bytes = np.append(self.left_bytes, [size_bytes for _, size_bytes, _ in self.new])
        self.ends.extend(end for _, _, end in self.new)
        self.new = []

    def _widened(self, table: Any, hops: int) -> Any:
        more = ((0, 0), (0, hops - table.shape[1]))
        return np.pad(table, more, constant_values=len(self.capacities))
