"""Chunks: the messages of a collective of a team, found again for a window of time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.engines.simulated.network import Network
from workbench.engines.simulated.steady.passages import Meeting
from workbench.engines.simulated.team.recurrences import Sent, tree
from workbench.engines.window import Window
from workbench.runs.events import MessageSent


def messages(
    meeting: Meeting, began_s: float, network: Network, team: tuple[str, ...], window: Window
) -> Iterator[MessageSent]:
    """The chunks that members hand to their links within the window, where the meeting's passage begins at `began_s`.

    The recurrence of the ring, hop by hop: the message level does the same additions in the same order.
    """
    members = len(team)
    if members == 1:
        return
    if meeting.algorithm == "tree":
        yield from _of_tree(meeting, began_s, network, team, window)
        return
    occupied_s, delay_s, _ = network.hop_s(team, meeting.size_bytes)
    size = int(meeting.size_bytes / members)
    ready_s, free_s = meeting.began_s, np.maximum(meeting.free_s[0], np.roll(meeting.free_s[1], -1))
    for _ in range(2 * (members - 1)):
        at_s = ready_s + began_s
        if at_s.min() >= window.until_s:
            return
        free_s = np.maximum(ready_s, free_s) + occupied_s
        arrived_s = free_s + delay_s
        for i in np.flatnonzero((at_s >= window.from_s) & (at_s < window.until_s)).tolist():
            to, arrives_s = team[(i + 1) % members], float(arrived_s[i]) + began_s
            yield MessageSent(t_s=float(at_s[i]), who=team[i], to=to, tag="chunk", size_bytes=size, arrives_s=arrives_s)
        ready_s = np.maximum(np.roll(arrived_s, 1), meeting.began_s)


def _of_tree(
    meeting: Meeting, began_s: float, network: Network, team: tuple[str, ...], window: Window
) -> Iterator[MessageSent]:
    """The same of a binomial tree, whose members send whole sums."""
    chunk_s, delay_s, _ = network.hop_s(team, meeting.size_bytes)
    sent: list[Sent] = []
    tree(meeting.began_s, chunk_s * len(team), delay_s, meeting.free_s, sent)
    size = int(meeting.size_bytes)
    for source, target, at_s, arrives_s in sent:
        for i in np.flatnonzero((at_s + began_s >= window.from_s) & (at_s + began_s < window.until_s)).tolist():
            ends_s, who, to = float(arrives_s[i]) + began_s, team[source[i]], team[target[i]]
            yield MessageSent(
                t_s=float(at_s[i]) + began_s, who=who, to=to, tag="chunk", size_bytes=size, arrives_s=ends_s
            )
