"""The stage `language-model`: the training of a large language model, of which only simulated runs are possible."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.catalogues import models
from workbench.catalogues.models import MODELS, LanguageModel
from workbench.document.problems import Problem, nearest
from workbench.stages.base import (
    BadInput,
    Context,
    Cost,
    Layer,
    Learner,
    Port,
    Size,
    StepCost,
    TrainingStage,
    parameter,
)

OPERATIONS_A_PARAMETER = 12.0  # of Adam


class TrainLanguageModel(TrainingStage):
    """A decoder-only transformer of the catalogue, trained on sequences that cost nothing to bring."""

    group = "train"
    title = "Language model"
    title_ja = "言語モデル"
    doc = "Trains a large language model of the catalogue. Simulated only: no workstation holds it."
    doc_ja = "カタログの大規模言語モデルを学習します。シミュレーション専用です。"
    outputs = (Port("model", "model"),)
    simulated_only = True

    model: str = parameter("gpt-1.7b", "name of a language model of the catalogue", "カタログのモデル名")
    batch_size: int = parameter(64, "sequences in a step, over all workers together", "全体のバッチ（系列数）", ge=1)
    steps: int = parameter(10, "steps of the whole training", "学習ステップ数", ge=1, le=10_000_000)

    def problems(self, folder: Path) -> list[Problem]:
        if self.model in MODELS:
            return []
        values = {"name": self.model, "nearest": nearest(self.model, MODELS)}
        return [Problem("unknown-language-model", "model", values)]

    def learner(self, inputs: Mapping[str, Any], context: Context) -> Learner:
        raise BadInput("a language model of the catalogue can only be simulated")

    def step_cost(self, inputs: Mapping[str, Size]) -> StepCost:
        return step_cost(MODELS[self.model], self.batch_size, self.steps)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        step = self.step_cost(inputs)
        size = Size(bytes=step.gradient_bytes)
        return Cost(step.steps * step.operations, step.steps * step.memory_bytes, {"model": size})


def step_cost(model: LanguageModel, sequences: int, steps: int = 1) -> StepCost:
    """What a step over `sequences` of a language model costs, without recomputation."""
    count = model.parameters
    each = _layer(model, sequences)
    return StepCost(
        steps=steps,
        samples_per_step=sequences,
        operations=model.step_operations(sequences, recompute=False),
        memory_bytes=3 * model.layers * (each.whole_bytes + each.split_bytes),
        apply_operations=OPERATIONS_A_PARAMETER * count,
        gradient_bytes=models.GRADIENT_BYTES * count,
        state_bytes=(models.WEIGHT_BYTES + models.OPTIMISER_BYTES) * count,
        rows=sequences * steps,
        transformer=True,
        layers=(
            _layer(model, sequences, model.embedding_parameters),
            *(each for _ in range(model.layers - 1)),
            Layer("head", 0, model.head_operations(sequences), 0.0, split_bytes=model.logits_bytes(sequences), sums=0),
        ),
    )


def _layer(model: LanguageModel, sequences: int, more_parameters: int = 0) -> Layer:
    """One layer; the first holds the embeddings too, which the head shares."""
    return Layer(
        "layer",
        model.layer_parameters + more_parameters,
        model.layer_operations(sequences),
        model.handed_on_bytes(sequences),
        model.whole_bytes(sequences),
        model.split_bytes(sequences),
        sums=2,  # behind attention and behind the perceptron (Shoeybi et al., Megatron-LM, 2019)
    )
