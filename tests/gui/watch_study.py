"""Writes whole study folders for tests and pictures: two combinations by both engines, with one failure."""

from pathlib import Path

from watch_story import Story

from workbench.runs.folder import RunWriter


def write_run(folder: Path, story: Story) -> Path:
    """The run folder of a whole story."""
    path = folder / f"{story.engine}-{story.combination}"
    with RunWriter(path, "format: 1\n") as writer:
        for piece in story.events():
            for event in piece:
                writer.write(event)
    return path


def write_study(folder: Path, steps: int = 240) -> Path:
    """Two combinations by both engines; w2 crashes in the ring, w1 freezes under the server."""
    crash, freeze = {steps // 2: ("crash", "w2")}, {steps // 3: ("freeze", "w1")}
    write_run(folder, Story("simulated", "ring", steps=steps, rate=52, faults=crash))
    write_run(folder, Story("simulated", "server", steps=steps, rate=30, faults=freeze))
    write_run(folder, Story("real", "ring", steps=steps, rate=47, faults=crash))
    write_run(folder, Story("real", "server", steps=steps, rate=27, faults=freeze))
    return folder


if __name__ == "__main__":
    import sys

    write_study(Path(sys.argv[1]))
