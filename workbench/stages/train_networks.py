"""The stages `train-cnn`, `train-recurrent` and `train-transformer`: networks that a team may train together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import isqrt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.document.problems import Problem
from workbench.stages import networks, perceptron
from workbench.stages.base import (
    BadInput,
    ClassifierTraining,
    Context,
    Learner,
    Port,
    Size,
    StepCost,
    parameter,
)
from workbench.stages.networks import Network

Width = Annotated[int, Field(ge=1, le=4096)]


class TrainNetwork(ClassifierTraining):
    """What trainings of networks have in common: batches, steps, and what they cost."""

    group = "train"
    inputs = (Port("dataset", "dataset"),)
    outputs = (Port("model", "model"),)
    measures = ("loss", "accuracy", "gradient_s")

    epochs: int = parameter(10, "how often each row is seen", "エポック数", ge=1, le=1_000_000)
    batch_size: int = parameter(64, "rows in a step, over all workers together", "全ワーカー合計のバッチサイズ", ge=1)
    learning_rate: float = parameter(0.003, "length of a step", "学習率", gt=0, le=100)
    optimiser: Literal["adam", "momentum"] = parameter("adam", "how gradients move the weights", "最適化手法")
    momentum: float = parameter(
        0.9, "share of the last move that is kept (momentum only)", "モメンタム係数", ge=0, lt=1
    )
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    @abstractmethod
    def network(self, features: int, classes: int) -> Network:
        """The network for rows of so many features; BadInput where they do not fit."""

    def _foreseen(self, features: int, classes: int) -> Network:
        """The network for a forecast of the features, which may miss what they will be: then the next that fits."""
        for count in range(features, 2 * features + 4096):
            try:
                return self.network(count, classes)
            except BadInput:
                continue
        raise BadInput(f"no number of features near {features} fits this network")

    def learner(self, inputs: Mapping[str, Any], context: Context) -> Learner:
        from workbench.stages.network_learner import NetworkLearner

        data = inputs["dataset"]
        if not len(data.train_x):
            raise BadInput("the dataset has no training rows")
        network = self.network(len(data.features), len(data.classes))
        if network.settings.get("symbols"):
            _require_symbols(data)
        seed = context.seed if self.seed is None else self.seed
        return NetworkLearner(data, network, self.epochs, self.batch_size, self._rule(), seed, context.measure)

    def _rule(self) -> perceptron.Adam | perceptron.Momentum:
        return perceptron.optimiser(self.optimiser, self.learning_rate, self.momentum)

    def step_cost(self, inputs: Mapping[str, Size]) -> StepCost:
        data, rule = inputs["dataset"], self._rule()
        network = self._foreseen(data.columns, data.classes)
        count = network.parameters
        batch = max(1, min(self.batch_size, data.rows))
        return StepCost(
            steps=self.epochs * (data.rows // batch),
            samples_per_step=batch,
            operations=3.0 * network.operations * batch,  # forwards, and twice as much backwards
            memory_bytes=4.0 * (3 * count + 3 * batch * network.activations),
            apply_operations=rule.operations_per_parameter * count,
            gradient_bytes=4.0 * count,
            state_bytes=4.0 * count * (1 + rule.slots),
            open_memory_bytes=2.0 * data.bytes + 4.0 * count * (1 + rule.slots),
            open_operations=2.0 * data.bytes + 20.0 * count,
            finish_operations=network.operations * data.test_rows,
            rows=data.rows,
            classes=data.classes,
        )


def _require_symbols(data: Any) -> None:
    """Refuse numbers that are no places in the list of classes, which is that of the symbols too."""
    x = data.train_x
    if (x != x.astype(int)).any() or x.min() < 0 or x.max() >= len(data.classes):
        raise BadInput("the features are not symbols; the stage `letters` makes such of text, or set `input: numbers`")


class TrainCnn(TrainNetwork):
    """A convolutional network for pictures in grey, row by row in the features."""

    title = "CNN"
    title_ja = "畳み込み (CNN)"
    doc = "Trains a small convolutional network (PyTorch) on pictures, whose pixels are the features, row by row."
    doc_ja = "小さな畳み込みネットワークを学習します（PyTorch）。特徴量は画像の画素を行順に並べたものです。"

    height: int = parameter(0, "rows of a picture; 0 where it is square", "画像の高さ（0 は正方形）", ge=0)
    channels: tuple[Width, ...] = parameter(
        (8, 16),
        "filters of each layer, which halves the picture",
        "各層のフィルタ数",
        min_length=1,
        max_length=10,
    )

    def network(self, features: int, classes: int) -> Network:
        height = self.height or isqrt(features)
        if height < 1 or features % height or (not self.height and height**2 != features):
            raise BadInput(f"{features} features are no picture of {height} rows; set `height`")
        return networks.convolutional(height, features // height, self.channels, classes)


class TrainSequence(TrainNetwork):
    """What networks of sequences have in common."""

    input: Literal["symbols", "numbers"] = parameter(
        "symbols", "whether each feature is a symbol, or features are measured", "特徴量は記号か数値か"
    )
    steps: int = parameter(
        0, "steps of a sequence of numbers; 0: as many as features", "数値系列の長さ（0 は列数）", ge=0
    )

    def _cut(self, features: int) -> tuple[int, int]:
        """(steps, numbers in each)."""
        if self.input == "symbols":
            return features, 1
        steps = self.steps or features
        if features % steps:
            raise BadInput(f"{features} features cannot be divided into {steps} steps; set `steps`")
        return steps, features // steps


class TrainRecurrent(TrainSequence):
    """A recurrent network, whose every step waits for the one before."""

    title = "Recurrent net"
    title_ja = "回帰型 (RNN)"
    doc = "Trains a recurrent network (GRU, PyTorch) on sequences: letters of a text, or numbers in their order."
    doc_ja = "回帰型ネットワーク（GRU、PyTorch）を系列で学習します。文章の文字や、順序のある数値に使えます。"

    hidden: int = parameter(32, "numbers in the state", "状態の次元数", ge=1, le=4096)

    def network(self, features: int, classes: int) -> Network:
        return networks.recurrent(*self._cut(features), self.hidden, classes, self.input == "symbols")


class TrainTransformer(TrainSequence):
    """A small transformer, all of whose steps are computed at once."""

    title = "Transformer"
    title_ja = "Transformer型"
    doc = "Trains a small transformer (PyTorch) on sequences: letters of a text, or numbers in their order."
    doc_ja = "小さな Transformer を系列で学習します（PyTorch）。文章の文字や、順序のある数値に使えます。"

    width: int = parameter(32, "numbers in the vector of a place", "各位置のベクトルの次元数", ge=1, le=4096)
    heads: int = parameter(4, "heads of attention, which share the width", "アテンションのヘッド数", ge=1, le=64)
    layers: int = parameter(2, "layers of attention and perceptron", "層の数", ge=1, le=48)

    def problems(self, folder: Path) -> list[Problem]:
        if self.width % self.heads == 0:
            return []
        detail = f"a width of {self.width} cannot be shared by {self.heads} heads"
        return [Problem("refused", "heads", {"detail": detail})]

    def network(self, features: int, classes: int) -> Network:
        cut, symbols = self._cut(features), self.input == "symbols"
        return networks.transformer(*cut, self.width, self.heads, self.layers, classes, symbols)
