"""Labels: how far a figure can be trusted.

measured: from a real run. calibrated: the constants that it depends on were fitted to measurements that cover its
sizes. extrapolated: outside of them, or nothing was measured.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.document.metrics import OF_TRAINING
from workbench.runs.events import Ground

MEASURED, CALIBRATED, EXTRAPOLATED = LABELS = ("measured", "calibrated", "extrapolated")
MARKS = {MEASURED: "", CALIBRATED: "≈", EXTRAPOLATED: "~"}  # in front of a figure


def least_sure(labels: Iterable[str]) -> str:
    """The label that can be trusted least; "" for none, and a label that this version does not know is such a one."""
    return max(labels, key=lambda label: LABELS.index(label) if label in LABELS else len(LABELS), default="")


def label_of(metric: str, label: str, grounds: Iterable[Ground]) -> str:
    """The label of one figure of a run with this `label`: what only touches other parts of the run does not count."""
    if metric not in OF_TRAINING:
        return label
    return least_sure(ground.label for ground in grounds if ground.training) or label
