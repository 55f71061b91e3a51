"""The torch modules of networks. To be imported late: it loads torch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolutional(nn.Module):
    """A small convolutional network for pictures of one channel."""

    def __init__(self, height: int, width: int, channels: tuple[int, ...], classes: int):
        super().__init__()
        self.height, self.width = height, width
        sizes = [1, *channels]
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1) for before, after in zip(sizes, channels, strict=False)
        )
        for _ in channels:
            if min(height, width) >= 2:
                height, width = height // 2, width // 2
        self.last = nn.Linear(sizes[-1] * height * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, 1, self.height, self.width)
        for layer in self.layers:
            x = functional.relu(layer(x))
            if min(x.shape[2], x.shape[3]) >= 2:
                x = functional.max_pool2d(x, 2)
        return self.last(x.flatten(1))


class Sequence(nn.Module):
    """What networks of sequences share: features are numbers of one step after the other, or symbols."""

    def __init__(self, steps: int, inputs: int, symbols: bool):
        super().__init__()
        self.steps, self.inputs, self.symbols = steps, inputs, symbols

    def sequence(self, x: Tensor) -> Tensor:
        """(rows, steps, inputs) of numbers, or (rows, steps) of symbols."""
        return x.long() if self.symbols else x.reshape(-1, self.steps, self.inputs)


class Recurrent(Sequence):
    """Gated recurrent units, one step after the other."""

    def __init__(self, steps: int, inputs: int, hidden: int, classes: int, symbols: bool):
        super().__init__(steps, inputs, symbols)
        if symbols:
            self.embedding = nn.Embedding(classes, hidden)
        self.cell = nn.GRU(hidden if symbols else inputs, hidden, batch_first=True)
        self.last = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.sequence(x)
        states, _ = self.cell(self.embedding(x) if self.symbols else x)
        return self.last(states[:, -1])


class Layer(nn.Module):
    """Attention, then a perceptron, each added to what came in."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.inner_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        rows, steps, width = x.shape
        mixed = self.attention(self.attention_norm(x)).reshape(rows, steps, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(query, key, value)
        x = x + self.out(seen.transpose(1, 2).reshape(rows, steps, width))
        return x + self.narrow(functional.gelu(self.wide(self.inner_norm(x))))


class Transformer(Sequence):
    """An encoder with learnt positions; every place sees every other."""

    def __init__(self, steps: int, inputs: int, width: int, heads: int, layers: int, classes: int, symbols: bool):
        super().__init__(steps, inputs, symbols)
        self.positions = nn.Parameter(torch.zeros(steps, width))
        self.embedding = nn.Embedding(classes, width) if symbols else nn.Linear(inputs, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embedding(self.sequence(x)) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.last(self.norm(x[:, -1]))


class Perceptron(nn.Module):
    """Linear layers with ReLU between them, as the stage `train` learns them."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        for place, layer in enumerate(self.layers):
            x = layer(x) if place == len(self.layers) - 1 else functional.relu(layer(x))
        return x


MODULES: dict[str, Any] = {"convolutional": Convolutional, "recurrent": Recurrent, "transformer": Transformer}
