"""The learner of a network that is a torch module: the perceptron's, with another way forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.stages.base import Measure
from workbench.stages.models import predicted
from workbench.stages.networks import Network
from workbench.stages.perceptron import Adam, Momentum, PerceptronLearner
from workbench.stages.values import Dataset, Model


class NetworkLearner(PerceptronLearner):
    """A network in training on one member; a Learner."""

    def __init__(
        self,
        dataset: Dataset,
        network: Network,
        epochs: int,
        batch_size: int,
        rule: Adam | Momentum,
        seed: int,
        measure: Measure,
    ):
        self.network = network
        super().__init__(dataset, (), epochs, batch_size, rule, seed, measure)

    def _first_weights(self) -> Any:
        return self.network.first_weights(np.random.default_rng([self.seed, 0]))

    @property
    def _is_light(self) -> bool:
        return False

    def _forward(self, flat: Any, x: Any) -> Any:
        return self.network.forward(self.network.parts(flat), x)

    def model_of(self, flat: Any) -> Model:
        data = self.dataset
        arrays = {name: part.copy() for name, part in self.network.parts(flat).items()}
        return Model(self.network.kind, arrays, data.features, data.classes, data.steps, self.network.settings)

    def accuracy(self) -> float:
        return float((predicted(self.model(), self.dataset.test_x) == self.dataset.test_y).mean())
