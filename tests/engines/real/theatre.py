"""A stage on which real processes play small programs."""

import time

from workbench.engines.real.supervisor import Limits, Supervisor

QUICK = Limits(beat_s=0.2, silent_s=1.0, deadlock_s=1.0)


class Stage:
    """Puts plays on, and sees to it that every process ends."""

    def __init__(self, folder):
        self.folder, self.events, self.printed, self.hosts = folder, [], [], None

    def begin(self, play, team, limits=QUICK, deciders=(), of="real_programs", links=None, **arguments):
        arguments |= {"play": play, "team": team}
        self.supervisor = Supervisor(
            team,
            f"{of}:cast",
            arguments,
            self.folder,
            self.events.append,
            self.printed.append,
            deciders,
            limits,
            links=links,
            hosts=self.hosts,
        )
        self.until(lambda: self.supervisor.began_s is not None)

    def until(self, holds, most_s=40.0):
        deadline = time.monotonic() + most_s
        while not holds() and not self.supervisor.ended:
            self.supervisor.poll()
            assert time.monotonic() < deadline

    def play(self, *play, **more):
        """What the members returned, once all have ended."""
        self.begin(*play, **more)
        return self.end()

    def end(self):
        self.until(lambda: False)
        self.supervisor.stop()
        return self.supervisor.results()

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def pid(self, member):
        return self.supervisor.lives[member].process.pid
