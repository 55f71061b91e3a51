"""What watching a run live costs: its events are written anyway; a watcher follows the folder and folds them.

CPU seconds of one process in which the run and its watcher take turns, so that the share of the watcher is seen.
"""

import tempfile
import threading
import time
from pathlib import Path

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.simulated.run import carry_out
from workbench.runs.folder import RunReader, RunWriter
from workbench.runs.state import RunState

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"
EPOCHS, LOOK_S = 400, 0.1  # of the window, between two looks


class Silent(RunWriter):
    """Writes nothing: what a run costs that nobody could watch."""

    def write(self, event):
        pass


class Watcher(threading.Thread):
    """Follows a run as the window does, and says how many events there were and what it cost; CPU seconds."""

    def __init__(self, path):
        super().__init__()
        self.reader, self.state = RunReader(path), RunState()
        self.events, self.took_s, self.over = 0, 0.0, threading.Event()

    def run(self):
        while not self.reader.finished:
            began = time.thread_time()
            for event in self.reader.read_new():
                self.state.apply(event)
                self.events += 1
            self.took_s += time.thread_time() - began
            self.over.wait(LOOK_S)


def simulated(scenario, room, kind, name):
    with kind(Path(room) / name) as writer:
        began = time.thread_time()
        carry_out(scenario, scenario.architectures[0], QUICKSTART.parent, writer, Control())
        return time.thread_time() - began


def main():
    text = QUICKSTART.read_text().replace("epochs: 30", f"epochs: {EPOCHS}")
    scenario = read(text).scenario
    with tempfile.TemporaryDirectory() as room:
        silent_s = min(simulated(scenario, room, Silent, f"silent{i}") for i in range(3))
        written_s = min(simulated(scenario, room, RunWriter, f"written{i}") for i in range(3))
        watcher = Watcher(Path(room) / "watched")
        watcher.start()
        watched_s = simulated(scenario, room, RunWriter, "watched")
        watcher.join()
    print(f"a run of {watcher.events} events: {silent_s:.2f} s CPU untold, {written_s:.2f} s with its events written")
    share = f"{watched_s / written_s - 1:+.0%}; the watcher itself took {watcher.took_s:.2f} s"
    print(f"followed by a watcher: {watched_s:.2f} s, {share}")


if __name__ == "__main__":
    main()
