"""A perceptron's sums in plain NumPy: for small models several times as fast as a library that keeps a graph.

All take a stack of models with rows for each of them (weights (models or 1, parameters), x (models, rows, features),
y (models, rows)): each is multiplied by itself, so that it comes to the same bits as alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

ROWS = 64  # at a time: for larger products NumPy's library wakes threads, which costs more than it saves

Layers = list[tuple[int, int]]


def _forward(parts: list[tuple[Any, Any]], x: Any) -> list[Any]:
    """What each layer is given, and what the last one says (before softmax): one array more than there are layers."""
    given = [x]
    for weights, bias in parts:
        x = x @ weights.swapaxes(-1, -2)
        x += bias[..., None, :]
        if len(given) < len(parts):
            np.maximum(x, 0, out=x)
        given.append(x)
    return given


def classes(flat: Any, layers: Layers, x: Any) -> Any:
    """The class that each row is given by one model, as its position."""
    parts = list(_parts(flat[None], layers))
    found = [_forward(parts, piece)[-1].argmax(axis=-1).ravel() for piece in _pieces(x)]
    return np.concatenate(found)


def gradient(flat: Any, layers: Layers, x: Any, y: Any) -> tuple[Any, float]:
    """(gradient of the summed cross-entropy, that sum) of one model, as torch has them up to rounding."""
    found, losses = np.zeros_like(flat), []
    for rows, labels in zip(_pieces(x), _pieces(y), strict=True):
        own, loss = _gradients(flat[None], layers, rows, labels)
        for each in own:
            found += each
        losses += loss.tolist()
    return found, sum(losses[1:], start=losses[0])


def gradients(flat: Any, layers: Layers, x: Any, y: Any) -> tuple[Any, Any]:
    """The same of several models: shapes (models, parameters) and (models,)."""
    found, loss = _gradients(flat, layers, x[:, :ROWS], y[:, :ROWS])
    found += 0.0  # no zero keeps a sign, as none does in a sum that begins with 0.0
    for first in range(ROWS, y.shape[1], ROWS):
        own, more = _gradients(flat, layers, x[:, first : first + ROWS], y[:, first : first + ROWS])
        found += own
        loss += more
    return found, loss


def _pieces(rows: Any) -> list[Any]:
    """The rows as a stack of ROWS each, and the rest."""
    whole = len(rows) // ROWS * ROWS
    pieces = [rows[:whole].reshape(-1, ROWS, *rows.shape[1:]), rows[None, whole:]]
    return [piece for piece in pieces if piece.shape[0] and piece.shape[1]]


def _gradients(flat: Any, layers: Layers, x: Any, y: Any) -> tuple[Any, Any]:
    parts = list(_parts(flat, layers))
    *given, said = _forward(parts, x)
    said -= said.max(axis=-1, keepdims=True)
    share = np.exp(said)
    total = share.sum(axis=-1, keepdims=True)
    models, rows = np.arange(len(y))[:, None], np.arange(y.shape[1])
    loss = (np.log(total[..., 0]) - said[models, rows, y]).sum(axis=-1, dtype=np.float64)
    share /= total
    share[models, rows, y] -= 1
    found = np.empty((len(y), flat.shape[1]), dtype=flat.dtype)
    own = list(_parts(found, layers))
    for place in reversed(range(len(layers))):
        weights, bias = own[place]
        np.matmul(share.swapaxes(-1, -2), given[place], out=weights)
        share.sum(axis=-2, out=bias)
        if place:
            share = (share @ parts[place][0]) * (given[place] > 0)
    return found, loss


def _parts(flat: Any, layers: Layers) -> Iterator[tuple[Any, Any]]:
    """Views of the weights and of the bias of each layer, of every model."""
    at, models = 0, len(flat)
    for after, before in layers:
        end = at + after * before
        yield flat[:, at:end].reshape(models, after, before), flat[:, end : end + after]
        at = end + after
