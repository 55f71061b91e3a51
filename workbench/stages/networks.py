"""Networks beside the perceptron: convolutional, recurrent and transformer, as plain settings and as torch modules.

A network is a kind and its settings, from which its size and cost follow without torch, and its module with torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

KINDS = ("convolutional", "recurrent", "transformer")


@dataclass(frozen=True)
class Network:
    """`shapes` of the parameters by name, in their order, and the `operations` of a row's way forward."""

    kind: str
    settings: dict[str, Any] = field(hash=False)
    shapes: dict[str, tuple[int, ...]] = field(hash=False)
    operations: float = 0.0
    activations: float = 0.0  # numbers that a row leaves behind for the way back

    @property
    def parameters(self) -> int:
        return sum(prod(shape) for shape in self.shapes.values())

    def first_weights(self, draws: np.random.Generator) -> np.ndarray:
        """Matrices uniform within 1/sqrt(inputs) of 0, scales of a normalisation 1, all else 0; one flat array."""
        parts = []
        for name, shape in self.shapes.items():
            if len(shape) > 1:
                bound = prod(shape[1:]) ** -0.5
                parts.append(draws.uniform(-bound, bound, size=prod(shape)))
            else:
                parts.append(np.full(shape, 1.0 if name.endswith("norm.weight") else 0.0))
        return np.concatenate(parts).astype(np.float32)

    def parts(self, flat: Any) -> dict[str, Any]:
        """The parameters by name, as views of a flat array or tensor."""
        found, at = {}, 0
        for name, shape in self.shapes.items():
            found[name] = flat[at : at + prod(shape)].reshape(shape)
            at += prod(shape)
        return found

    def forward(self, parts: dict[str, Any], x: Any) -> Any:
        """Scores of each class for rows of features, as torch tensors."""
        from torch.func import functional_call

        return functional_call(module(self.kind, tuple(sorted(self.settings.items()))), parts, (x,))


def convolutional(height: int, width: int, channels: tuple[int, ...], classes: int) -> Network:
    """3 x 3 filters with ReLU in stages, each halving the picture where it can; then a linear layer."""
    shapes: dict[str, tuple[int, ...]] = {}
    before, rows, columns, operations, activations = 1, height, width, 0.0, float(height * width)
    for place, after in enumerate(channels):
        shapes[f"layers.{place}.weight"] = (after, before, 3, 3)
        shapes[f"layers.{place}.bias"] = (after,)
        operations += 2.0 * 9 * before * after * rows * columns
        activations += 2.0 * after * rows * columns
        before = after
        if min(rows, columns) >= 2:
            rows, columns = rows // 2, columns // 2
    shapes |= _linear("last", before * rows * columns, classes)
    settings = {"height": height, "width": width, "channels": tuple(channels), "classes": classes}
    return Network("convolutional", settings, shapes, operations + 2.0 * before * rows * columns * classes, activations)


def recurrent(steps: int, inputs: int, hidden: int, classes: int, symbols: bool) -> Network:
    """Gated recurrent units (Cho et al., 2014) over the steps of a sequence; a linear layer reads the last state."""
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (classes, hidden)} if symbols else {}
    wide = hidden if symbols else inputs
    shapes |= {
        "cell.weight_ih_l0": (3 * hidden, wide),
        "cell.weight_hh_l0": (3 * hidden, hidden),
        "cell.bias_ih_l0": (3 * hidden,),
        "cell.bias_hh_l0": (3 * hidden,),
    }
    shapes |= _linear("last", hidden, classes)
    settings = {"steps": steps, "inputs": inputs, "hidden": hidden, "classes": classes, "symbols": symbols}
    operations = 6.0 * hidden * (wide + hidden) * steps + 2.0 * hidden * classes
    return Network("recurrent", settings, shapes, operations, float(steps * (wide + 5 * hidden)))


def transformer(steps: int, inputs: int, width: int, heads: int, layers: int, classes: int, symbols: bool) -> Network:
    """Layers of attention and perceptron, each behind a normalisation; a linear layer reads the last place."""
    first = {"embedding.weight": (classes, width)} if symbols else _linear("embedding", inputs, width)
    shapes: dict[str, tuple[int, ...]] = {"positions": (steps, width), **first}
    for place in range(layers):
        shapes |= {f"layers.{place}.attention_norm.weight": (width,), f"layers.{place}.attention_norm.bias": (width,)}
        shapes |= _linear(f"layers.{place}.attention", width, 3 * width) | _linear(f"layers.{place}.out", width, width)
        shapes |= {f"layers.{place}.inner_norm.weight": (width,), f"layers.{place}.inner_norm.bias": (width,)}
        shapes |= _linear(f"layers.{place}.wide", width, 4 * width)
        shapes |= _linear(f"layers.{place}.narrow", 4 * width, width)
    shapes |= {"norm.weight": (width,), "norm.bias": (width,)} | _linear("last", width, classes)
    settings = {
        "steps": steps,
        "inputs": inputs,
        "width": width,
        "heads": heads,
        "layers": layers,
        "classes": classes,
        "symbols": symbols,
    }
    operations = layers * steps * (24.0 * width**2 + 4.0 * steps * width) + 2.0 * width * classes
    activations = float(layers * steps * (16 * width + 2 * heads * steps))
    return Network("transformer", settings, shapes, operations, activations)


def of_settings(kind: str, settings: dict[str, Any]) -> Network:
    """The network that a model's settings describe; TypeError or KeyError where they do not."""
    return _MAKE[kind](**{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()})


_MAKE: dict[str, Callable[..., Network]] = {
    "convolutional": convolutional,
    "recurrent": recurrent,
    "transformer": transformer,
}


def _linear(name: str, before: int, after: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (after, before), f"{name}.bias": (after,)}


@lru_cache(maxsize=16)
def module(kind: str, settings: tuple[tuple[str, Any], ...]) -> Any:
    """The torch module of a network, whose own parameters nobody uses."""
    from workbench.stages import network_modules

    return network_modules.MODULES[kind](**dict(settings))
