"""A ring all-reduce in SimGrid, by a Python that has it: simgrid_ring.py MEMBERS BYTES BYTES_PER_S LATENCY_S STARTS.

STARTS is a file with a number of seconds in each line. Prints CPU seconds and when the last member is done.
"""

import sys
import time

from simgrid import Actor, Engine, LinkInRoute, Mailbox, NetZone, this_actor

PLAIN = ("network/model:CM02", "network/TCP-gamma:0", "network/crosstraffic:0")  # links without TCP's peculiarities


def main(members, size, bytes_per_s, latency_s, starts):
    began = time.process_time()
    engine = Engine([sys.argv[0], *(f"--cfg={setting}" for setting in PLAIN), "--log=root.thres:warning"])
    zone = NetZone.create_full_zone("all")
    hosts = [zone.create_host(f"w{i}", 1e9).seal() for i in range(members)]
    for i in range(members):
        link = zone.create_link(f"l{i}", bytes_per_s).set_latency(latency_s).seal()
        ends = hosts[i].netpoint, hosts[(i + 1) % members].netpoint
        zone.add_route(*ends, None, None, [LinkInRoute(link)], False)
    zone.seal()
    done = []

    def member(i):
        right, own = Mailbox.by_name(str((i + 1) % members)), Mailbox.by_name(str(i))
        this_actor.sleep_for(starts[i])
        for _ in range(2 * (members - 1)):
            sent = right.put_async("chunk", size // members)
            own.get()
            sent.wait()
        done.append(Engine.clock)

    for i, host in enumerate(hosts):
        Actor.create(f"w{i}", host, member, i)
    engine.run()
    print(time.process_time() - began, max(done))


if __name__ == "__main__":
    with open(sys.argv[5], encoding="utf-8") as file:
        main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), [float(line) for line in file])
