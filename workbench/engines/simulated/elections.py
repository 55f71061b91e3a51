"""Elections: how long servers are without a leader, by their programs in virtual time."""

from __future__ import annotations

from typing import Any

from workbench.architectures.operations import Perform
from workbench.architectures.raft import Timing, serve
from workbench.architectures.random_streams import stream
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.world import World
from workbench.runs.events import Event, Recorded

LINK = 1e15  # bytes/s: letters of an election are small, and their latency is all that they take
NEVER_S = 1e9  # nobody tells a server that another one is lost


class NoWork:
    """Servers vote; they perform nothing."""

    def seconds(self, member: str, operation: Perform, now_s: float) -> float:
        raise AssertionError(operation)

    def answer(self, member: str, operation: Perform) -> Any:
        raise AssertionError(operation)

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        return []


def without_leader_s(
    timing: Timing, latency_s: float, logs: tuple[int, ...], seed: int, trial: int | str = 0, most_s: float = 10.0
) -> float:
    """Seconds from the leader's crash to the election of another one; `most_s` if there is none until then.

    There is a server for each of `logs`, which says how far its log goes. The first one leads, sends heartbeats that
    reach all at the same moment, and crashes at some moment between two of them. A letter takes `latency_s`.
    """
    servers = tuple(f"s{number}" for number in range(len(logs)))
    elected: list[float] = []

    def tell(event: Event, who: str) -> None:
        if isinstance(event, Recorded) and event.kind == "elected":
            elected.append(world.clock.now)

    world = World(Network(LINK, latency_s), NoWork(), tell, detection_s=NEVER_S)
    for server, log in zip(servers, logs, strict=True):
        draws = stream(seed, "election", server, trial)
        world.add(server, serve(server, servers, timing, log, draws.random))
    world.start(servers)
    crash_s = timing.heartbeat_s * float(stream(seed, "election", "crash", trial).random())
    world.clock.call_at(crash_s, world.kill, servers[0])
    while not elected and world.clock.run_slice(crash_s + most_s, 1):
        pass
    world.close()
    return elected[0] - crash_s if elected else most_s
