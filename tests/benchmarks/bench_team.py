"""One ring all-reduce: messages, the recurrence of the team, its closed form, and raw SimPy where it can follow."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import simpy

from workbench.architectures.operations import AllReduce
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.team.recurrences import ring, ring_of_equal_links
from workbench.engines.simulated.world import World
from workbench.studies.score.laboratory import GivenWork

SIMGRID, IMPORTS = Path(__file__).parent / "simgrid_ring.py", "import simgrid"
SIZE, BYTES_PER_S, LATENCY_S = 1e9, 1e10, 1e-6


def seconds(work, times=3):
    took = []
    for _ in range(times):
        began = time.process_time()
        answer = work()
        took.append(time.process_time() - began)
    return statistics.median(took), answer


def starts(members):
    return np.random.default_rng(1).exponential(0.01, members)


class Unlike(Network):
    """Links of which nobody may take for granted that they are alike, so that rings are not foreseen as a whole."""

    alike = False


def messages(members, links=Unlike):
    world = World(links(BYTES_PER_S, LATENCY_S), GivenWork(SIZE), lambda event, who: None)
    team, done = tuple(f"w{i}" for i in range(members)), {}

    def program(name):
        yield AllReduce(team, Blob(SIZE))
        done[name] = world.clock.now

    for name in team:
        world.add(name, program(name))
    for name, at_s in zip(team, starts(members), strict=True):
        world.clock.call_at(float(at_s), lambda m: m.go(), world.members[name])
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 100_000)
    return np.array([done[name] for name in team])


def recurrence(members):
    links = np.ones(members)
    occupied_s = SIZE / members / BYTES_PER_S
    return ring(starts(members), occupied_s * links, LATENCY_S * links)[0]


def raw_simpy(members):
    """As SimPy's own examples would write it: a process a member, a resource a link, a store a mailbox."""
    env = simpy.Environment()
    mailboxes = [simpy.Store(env) for _ in range(members)]
    links = [simpy.Resource(env) for _ in range(members)]
    occupied_s = SIZE / members / BYTES_PER_S
    done = np.zeros(members)

    def deliver(link, target):
        with link.request() as turn:
            yield turn
            yield env.timeout(occupied_s)
        yield env.timeout(LATENCY_S)
        yield target.put(None)

    def member(index, at_s):
        yield env.timeout(at_s)
        for _ in range(2 * (members - 1)):
            env.process(deliver(links[index], mailboxes[(index + 1) % members]))
            yield mailboxes[index].get()
        done[index] = env.now

    for index, at_s in enumerate(starts(members)):
        env.process(member(index, float(at_s)))
    env.run()
    return done


def by_simgrid(members):
    """(CPU seconds, when the last is done) of SimGrid in Python, whose messages wait for both ends; None without it."""
    pythons = [python for python in (sys.executable, "/usr/bin/python3") if Path(python).exists()]
    has = [python for python in pythons if not subprocess.run([python, "-c", IMPORTS], capture_output=True).returncode]
    if not has:
        return None
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write("\n".join(map(repr, starts(members).tolist())))
        file.flush()
        sizes = [str(members), str(int(SIZE)), str(BYTES_PER_S), str(LATENCY_S), file.name]
        run = subprocess.run([has[0], str(SIMGRID), *sizes], capture_output=True, text=True, check=True)
    return tuple(float(word) for word in run.stdout.split()[:2])


def beside_simgrid(members):
    found = by_simgrid(members)
    if found is None:
        print(f"ring of {members}, SimGrid            not installed (Debian: apt install python3-simgrid)")
        return
    message_s, done = seconds(lambda: messages(members))
    apart = abs(found[1] - done.max()) / done.max()
    print(f"ring of {members}, message level       {message_s:8.4f} s")
    times = f"{found[0] / message_s:.1f} times ours; {apart:.0e} apart"
    print(f"ring of {members}, SimGrid in Python   {found[0]:8.4f} s   {times}")


def main():
    simpy_s, by_simpy = seconds(lambda: raw_simpy(256), times=1)
    message_s, by_message = seconds(lambda: messages(256))
    foreseen_s, by_foresight = seconds(lambda: messages(256, Network))
    team_s, by_team = seconds(lambda: recurrence(256))
    alike = np.array_equal(by_message, by_team) and np.array_equal(by_message, by_foresight)
    same = "equal to the bit" if alike else "DIFFERENT"
    near = np.allclose(by_simpy, by_message, rtol=1e-12)
    print(f"ring of 256, raw SimPy          {simpy_s:8.4f} s   {'the same times' if near else 'OTHER TIMES'}")
    print(f"ring of 256, message level      {message_s:8.4f} s   {simpy_s / message_s:.1f} times as fast as raw SimPy")
    print(f"ring of 256, foreseen           {foreseen_s:8.4f} s   {simpy_s / foreseen_s:.0f} times; {same}")
    print(f"ring of 256, team level         {team_s:8.4f} s   {simpy_s / team_s:.0f} times; {same}")
    large_s, large = seconds(lambda: recurrence(16384), times=1)
    closed_s, closed = seconds(lambda: ring_of_equal_links(starts(16384), SIZE / 16384 / BYTES_PER_S, LATENCY_S))
    apart = float(np.max(np.abs(closed - large) / large))
    beside_simgrid(64)
    print(f"ring of 16384, team level       {large_s:8.4f} s")
    print(f"ring of 16384, closed form      {1000 * closed_s:8.4f} ms  at most {apart:.0e} from the recurrence")


if __name__ == "__main__":
    main()
