"""The stage `train`: a classifier trained by gradient descent, step by step, alone or shared by a team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.stages import perceptron
from workbench.stages.base import (
    BadInput,
    ClassifierTraining,
    Context,
    Layer,
    Learner,
    Port,
    Size,
    StepCost,
    parameter,
)
from workbench.stages.perceptron_parts import PerceptronParts
from workbench.stages.perceptron_shards import PerceptronShards
from workbench.stages.sections import Holds, PartLearner


class Train(ClassifierTraining):
    """A multi-layer perceptron with ReLU between its layers and cross-entropy as its loss."""

    group = "train"
    title = "Train network"
    title_ja = "ニューラル学習"
    doc = "Trains a small neural network (PyTorch). The workers of the cluster share each batch."
    doc_ja = "小さなニューラルネットを学習します（PyTorch）。各バッチをクラスタのワーカーで分担します。"
    inputs = (Port("dataset", "dataset"),)
    outputs = (Port("model", "model"),)
    in_parts = True
    measures = ("loss", "accuracy", "gradient_s")

    hidden: tuple[Annotated[int, Field(ge=1, le=65_536)], ...] = parameter(
        (64,), "width of each hidden layer; none makes it linear", "隠れ層の幅（空なら線形）", max_length=20
    )
    epochs: int = parameter(20, "how often each row is seen", "エポック数", ge=1, le=1_000_000)
    batch_size: int = parameter(64, "rows in a step, over all workers together", "全ワーカー合計のバッチサイズ", ge=1)
    learning_rate: float = parameter(0.003, "length of a step", "学習率", gt=0, le=100)
    optimiser: Literal["adam", "momentum"] = parameter("adam", "how gradients move the weights", "最適化手法")
    momentum: float = parameter(
        0.9, "share of the last move that is kept (momentum only)", "モメンタム係数", ge=0, lt=1
    )
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def learner(self, inputs: Mapping[str, Any], context: Context) -> Learner:
        return perceptron.PerceptronLearner(*self._training(inputs, context))

    def part_learner(self, holds: Holds, inputs: Mapping[str, Any], context: Context) -> PartLearner:
        kind = PerceptronParts if holds == "layers" else PerceptronShards
        return kind(*self._training(inputs, context))

    def _training(self, inputs: Mapping[str, Any], context: Context) -> tuple[Any, ...]:
        """What a learner is made of, whatever of the model it holds."""
        dataset = inputs["dataset"]
        if not len(dataset.train_x):
            raise BadInput("the dataset has no training rows")
        seed = context.seed if self.seed is None else self.seed
        return dataset, self.hidden, self.epochs, self.batch_size, self._rule(), seed, context.measure

    def _rule(self) -> perceptron.Adam | perceptron.Momentum:
        return perceptron.optimiser(self.optimiser, self.learning_rate, self.momentum)

    def _shapes(self, data: Size) -> list[tuple[int, int]]:
        return perceptron.shapes(data.columns, self.hidden, data.classes)

    def step_cost(self, inputs: Mapping[str, Size]) -> StepCost:
        data, rule = inputs["dataset"], self._rule()
        layers = self._shapes(data)
        count = perceptron.parameters(layers)
        batch = min(self.batch_size, data.rows)
        widths = data.columns + sum(after for after, _ in layers)
        return StepCost(
            steps=self.epochs * (data.rows // batch),
            samples_per_step=batch,
            operations=6.0 * count * batch,  # two for each weight and row forwards, four backwards
            memory_bytes=4.0 * (3 * count + 4 * batch * widths),
            apply_operations=rule.operations_per_parameter * count,
            gradient_bytes=4.0 * count,
            state_bytes=4.0 * count * (1 + rule.slots),
            open_memory_bytes=2.0 * data.bytes + 4.0 * count * (1 + rule.slots),
            open_operations=2.0 * data.bytes + 20.0 * count,
            finish_operations=2.0 * count * data.test_rows,
            rows=data.rows,
            classes=data.classes,
            layers=tuple(_layer(f"layer {n}", shape, batch) for n, shape in enumerate(layers, 1)),
        )


def _layer(name: str, shape: tuple[int, int], rows: int) -> Layer:
    count = perceptron.parameters([shape])
    return Layer(name, count, operations=2.0 * count * rows, activation_bytes=4.0 * rows * shape[0])
