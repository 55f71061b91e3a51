"""What fitted models predict, in plain NumPy, from arrays alone."""

from __future__ import annotations

import numpy as np

from workbench.stages.base import BadInput
from workbench.stages.networks import KINDS, of_settings
from workbench.stages.values import Model

NUMBERS_AT_ONCE = 16_000_000  # so that what stands between a million rows and their scores does not fill the memory


def predicted(model: Model, x: np.ndarray) -> np.ndarray:
    """The position in `model.classes` for each row of `x`: int64 of shape (rows,). BadInput if the widths differ."""
    if x.shape[1] != len(model.features):
        raise BadInput(f"the data has {x.shape[1]} features and the model was trained with {len(model.features)}")
    rows = max(1, NUMBERS_AT_ONCE // _numbers_a_row(model))
    parts = [scores(model, x[at : at + rows]).argmax(axis=1) for at in range(0, len(x), rows)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def require_sound(model: Model) -> None:
    """Refuse, with BadInput, a model from a file whose arrays do not fit together."""
    try:
        shape = scores(model, np.zeros((1, len(model.features)), dtype=np.float32)).shape
    except (KeyError, ValueError, IndexError, TypeError, RuntimeError) as error:
        raise BadInput(f"the model is broken: {error}") from error
    if shape != (1, len(model.classes)):
        raise BadInput(f"the model is broken: it scores {shape[-1]} classes and names {len(model.classes)}")


def _numbers_a_row(model: Model) -> int:
    """How many numbers one row takes on the way to its scores."""
    if model.kind == "perceptron":
        return sum(len(array) for name, array in model.arrays.items() if name.startswith("bias_"))
    if model.kind in KINDS:
        return max(1, int(of_settings(model.kind, model.settings).activations))
    return len(model.classes) * len(model.features)


def scores(model: Model, x: np.ndarray) -> np.ndarray:
    """A number for each row and class, of which the largest is the prediction; shape (rows, classes)."""
    arrays = model.arrays
    match model.kind:
        case "perceptron":
            return _perceptron(arrays, x)
        case "linear":
            return x @ arrays["weights"].T + arrays["bias"]
        case "gaussian-naive-bayes":
            spread = arrays["variance"]
            far = ((x[:, None, :] - arrays["mean"]) ** 2 / spread).sum(axis=2)
            return np.log(arrays["prior"]) - 0.5 * (np.log(2 * np.pi * spread).sum(axis=1) + far)
        case "nearest-centroid":
            return -((x[:, None, :] - arrays["centroids"]) ** 2).sum(axis=2)
        case kind if kind in KINDS:
            return _network(model, x)
        case _:
            raise BadInput(f"this version knows no model of kind '{model.kind}'")


def _network(model: Model, x: np.ndarray) -> np.ndarray:
    import torch

    network = of_settings(model.kind, model.settings)
    parts = {name: torch.from_numpy(model.arrays[name].reshape(shape)) for name, shape in network.shapes.items()}
    with torch.no_grad():
        return network.forward(parts, torch.from_numpy(np.ascontiguousarray(x))).numpy()


def hidden(model: Model, x: np.ndarray) -> np.ndarray:
    """What the model makes of each row on its way: its last hidden layer, or its scores where it has none."""
    if model.kind == "perceptron" and len(model.arrays) > 2:
        return _perceptron(model.arrays, x, len(model.arrays) // 2 - 1)
    return scores(model, x)


def _perceptron(arrays: dict[str, np.ndarray], x: np.ndarray, until: int | None = None) -> np.ndarray:
    layers = len(arrays) // 2
    for layer in range(layers if until is None else until):
        x = x @ arrays[f"weights_{layer}"].T + arrays[f"bias_{layer}"]
        if layer < layers - 1:
            x = np.maximum(x, 0)
    return x
