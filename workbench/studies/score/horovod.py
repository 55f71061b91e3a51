"""B2: image models on up to 512 P100, gradients summed around a ring in buckets beside the backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.architectures.operations import Perform
from workbench.architectures.ring import RingAllReduce
from workbench.catalogues.links import LINKS
from workbench.catalogues.vision import IMAGE_MODELS, ImageModel
from workbench.engines.simulated.islands import Islands
from workbench.engines.simulated.network import Blob
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import cohort_step_ends_s

BATCH, SERVER, BUCKET_MB, BYTES = 64, 4, 64.0, 4
# images/s of one P100 at a batch of 64; ResNet-101 by its operations between ResNet-50 (219) and ResNet-152 (91.8)
IMAGES_PER_S = {"inception-v3": 142.0, "resnet-101": 129.4, "vgg-16": 154.0}
# (model, GPUs, published efficiency); VGG-16's may be missed by more, for nobody says how its passes overlap
ROWS = (
    ("inception-v3", 128, 0.90),
    ("resnet-101", 128, 0.90),
    ("vgg-16", 128, 0.79),
    ("inception-v3", 512, 0.90),
    ("resnet-101", 512, 0.90),
    ("vgg-16", 512, 0.68),
)


@dataclass(frozen=True)
class OfLayers:
    """A model's passes over a batch that take `gradient_s` together, each layer as long as its operations say."""

    model: ImageModel
    gradient_s: float

    def seconds(self, member: str, operation: Perform, now_s: float) -> float:
        part = {"forward": 1 / 3, "backward": 2 / 3}.get(operation.part, 0.0)
        if not part:
            return 0.0
        first, end = operation.item["layers"]
        operations = sum(layer.operations for layer in self.model.layers[first:end])
        return part * self.gradient_s * operations / self.model.operations

    def answer(self, member: str, operation: Perform) -> Any:
        sizes = [float(BYTES * layer.parameters) for layer in self.model.layers]
        if operation.part == "open":
            return {"steps": 1, "samples_per_step": BATCH, "layer_bytes": sizes}
        first, end = operation.item["layers"] if isinstance(operation.item, dict) else (0, len(sizes))
        return Blob(sum(sizes[first:end]))

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        return []


def efficiency(name: str, workers: int) -> float:
    """Images a second with `workers`, as a share of that many times what one alone makes."""
    alone_s = BATCH / IMAGES_PER_S[name]
    team = tuple(f"w{number}" for number in range(workers))
    inside, between = LINKS["pcie3-x16"], LINKS["roce-25g"]
    share = between.bytes_per_s / SERVER
    network = Islands(team, SERVER, inside.bytes_per_s, share, inside.hop_s, between.hop_s)
    ring = RingAllReduce(bucket_mb=BUCKET_MB)
    (end_s,) = cohort_step_ends_s(ring, team, network, OfLayers(IMAGE_MODELS[name], alone_s))
    return alone_s / end_s


def points() -> tuple[Point, ...]:
    return tuple(
        Point(
            f"{name}, {workers} GPUs",
            published,
            efficiency(name, workers),
            null=1.0,
            target=0.08 if name == "vgg-16" else None,
        )
        for name, workers, published in ROWS
    )


CASE = Case(
    id="B2",
    title="Horovod on up to 512 P100 at 25 Gbit/s",
    source="horovod/horovod, docs/benchmarks.rst, and the README of 2018 for 128 GPUs; rates of one GPU: "
    "tensorflow/docs, site/en/r1/guide/performance/benchmarks.md",
    unit="efficiency",
    target=0.05,
    points=points,
    kind="points",
    most=True,
    calibration="images/s of one GPU (VGG-16 within 0.08)",
)
