"""A stand-in for `workbench engine` that speaks its lines and writes real run folders; it carries nothing out.

Options: `--silent` never gets ready, `--dies-at STEP` dies in the middle of its first run.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from watch_story import Story  # noqa: E402

from workbench.runs.folder import RunWriter  # noqa: E402

STEPS = 250


def say(**message):
    print(json.dumps(message), flush=True)


class Engine:
    def __init__(self, dies_at):
        self.lines = SimpleQueue()
        self.dies_at = dies_at
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in sys.stdin:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def serve(self):
        say(ready=True)
        while (request := self.lines.get()) is not None:
            if "run" in request:
                self.carry_out(request)

    def carry_out(self, request):
        out = Path(request["out"])
        for combination in request["combinations"] or ["ring", "server"]:
            for engine in request["engines"]:
                self.run(out, engine, combination, request["speed"])
        say(done=str(out), exit_code=0)

    def run(self, out, engine, combination, speed):
        story = Story(engine, combination, steps=STEPS)
        folder = out / f"{engine}-{combination}"
        self.speed, self.paused = speed, False
        with RunWriter(folder, "format: 1\n") as writer:
            say(started=str(folder))
            for number, piece in enumerate(story.events()):
                if number == self.dies_at:
                    writer.flush()
                    sys.stderr.write("Fatal: out of memory\n")
                    sys.stderr.flush()
                    os._exit(9)
                for event in piece:
                    writer.write(event)
                self.pace(writer, story)
        say(finished=str(folder), outcome="stopped" if story.stopped else "finished")

    def pace(self, writer, story):
        """Real time at speed 1, faster otherwise; obeys what was said meanwhile."""
        writer.flush()
        time.sleep(0.02 / self.speed if self.speed else 0)
        while True:
            try:
                command = self.lines.get_nowait()
            except Empty:
                if not self.paused:
                    return
                time.sleep(0.01)
                continue
            if command is None:
                self.lines.put(None)
                return
            writer.command(story.now, command)
            match command["command"]:
                case "pause":
                    self.paused = True
                case "resume":
                    self.paused = False
                case "speed":
                    self.speed = command["value"]
                case "stop":
                    story.stopped, self.paused = True, False
                case "break" if command["kind"] in ("crash", "freeze", "leader-crash"):
                    story.strike(command["kind"], command["worker"])


if __name__ == "__main__":
    if "--silent" in sys.argv:
        sys.exit("no engine here")
    dies_at = int(sys.argv[sys.argv.index("--dies-at") + 1]) if "--dies-at" in sys.argv else -1
    Engine(dies_at).serve()
