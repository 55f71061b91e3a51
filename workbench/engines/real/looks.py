"""How models stand on their way through a real run: each member looks at its own, and members meet in files."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.architectures.operations import Perform
from workbench.architectures.training_looks import STEPS_KEPT, Looks, Measuring, Training
from workbench.stages.base import Learning, Measure

SHARE_OF_TIME = 0.02  # that looks may take where nobody has asked for close ones


class InFiles:
    """The first weights of each step, in a folder that all members of a run see while it goes on."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.own: dict[Training, deque[Path]] = {}  # those that this member has written and not yet removed

    def at(self, training: Training, step: int, weights: Any) -> Any:
        import numpy as np

        path = self.folder / quote(f"{training[0]}-{training[1]}-{step}", safe="")
        if not path.exists() and self._keep(path, weights, training):
            return None
        try:
            return np.fromfile(path, dtype=weights.dtype)
        except FileNotFoundError:  # whoever came first has left this step behind
            return None

    def _keep(self, path: Path, weights: Any, training: Training) -> bool:
        """Whether these have become the first: a link is made whole, and by one member alone."""
        self.folder.mkdir(exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.write_bytes(weights.tobytes())
        try:
            os.link(partial, path)
        except FileExistsError:
            return False
        finally:
            partial.unlink()
        own = self.own.setdefault(training, deque())
        own.append(path)
        while len(own) > STEPS_KEPT:
            with contextlib.suppress(FileNotFoundError):
                own.popleft().unlink()
        return True


class OwnLooks(Looks):
    """The looks of one member. At a model that a whole team holds, the first of it looks alone.

    Real looks take time. Where a scenario does not ask for close ones (`run: {learn: true}`), there is none at replicas
    and updates, and those at the model are left out while they have taken more than SHARE_OF_TIME.
    """

    def __init__(self, folder: Path, most_steps: int | None, closely: bool):
        super().__init__(InFiles(folder), most_steps)
        self.closely = closely
        self.began_s = time.monotonic()
        self.spent_s = 0.0
        self.ranks: dict[Training, int] = {}

    def look_at_replica(self, learner: Learning, operation: Perform, measuring: Measuring) -> None:
        self.ranks[operation.stage, operation.of] = operation.item[1]
        if self.closely:
            super().look_at_replica(learner, operation, measuring)

    def is_due(self, learner: Learning, operation: Perform, update: int, workers: int = 1) -> bool:
        first = self.ranks.get((operation.stage, operation.of), 0) == 0
        return first and super().is_due(learner, operation, update, workers)

    def look_at_update(self, learner: Learning, update: int, gradient: Any, measure: Measure) -> None:
        if self.closely:
            super().look_at_update(learner, update, gradient, measure)

    def look_at_model(self, learner: Learning, update: int, measure: Measure) -> None:
        began_s = time.monotonic()
        if self.closely or self.spent_s <= SHARE_OF_TIME * (began_s - self.began_s):
            super().look_at_model(learner, update, measure)
            self.spent_s += time.monotonic() - began_s
