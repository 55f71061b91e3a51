"""Where the values lie that the stages of a real run have made, for whoever shows them."""

from pathlib import Path
from typing import NamedTuple

from workbench.gui.watch.followed_run import FollowedRun
from workbench.runs.folder import artifact_path


class Results(NamedTuple):
    """Values of a run by stage and port; `run` is its name, and empty where no run has made any."""

    run: str = ""
    paths: dict[str, dict[str, Path]] = {}


NONE = Results()


def results_of(runs: list[FollowedRun]) -> Results:
    """Those of the newest run that has made some; a simulated run makes none."""
    for run in reversed(runs):
        paths = {
            id: {port: artifact_path(run.path, digest) for port, digest in stage.kept.items()}
            for id, stage in run.state.stages.items()
            if stage.kept
        }
        if paths:
            return Results(run.name, paths)
    return NONE
