"""Models as torch modules, for programs of others: what torch.export and ONNX make of them. Loads torch when called."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from workbench.stages.base import BadInput
from workbench.stages.networks import KINDS, module, of_settings
from workbench.stages.values import Model

ONNX_PACKAGES = ("onnx", "onnxscript")


def absent_packages() -> list[str]:
    """Which of the packages that ONNX needs are not installed."""
    return [name for name in ONNX_PACKAGES if importlib.util.find_spec(name) is None]


def module_of(model: Model) -> Any:
    """The model as a torch module with its weights; BadInput for a kind that has none."""
    import torch

    from workbench.stages.network_modules import Perceptron

    if model.kind in KINDS:
        network = of_settings(model.kind, model.settings)
        made = module.__wrapped__(network.kind, tuple(sorted(network.settings.items())))
        state = {name: model.arrays[name] for name in network.shapes}
    elif model.kind in ("perceptron", "linear"):
        pairs = _layers(model)
        made = Perceptron((pairs[0][0].shape[1], *(len(bias) for _, bias in pairs)))
        state = {}
        for place, (weights, bias) in enumerate(pairs):
            state |= {f"layers.{place}.weight": weights, f"layers.{place}.bias": bias}
    else:
        raise BadInput(f"a model of kind '{model.kind}' has no layers that could be exported; `save` keeps it")
    made.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in state.items()})
    return made.eval()


def _layers(model: Model) -> list[tuple[np.ndarray, np.ndarray]]:
    arrays = model.arrays
    if model.kind == "linear":
        return [(arrays["weights"], arrays["bias"])]
    return [(arrays[f"weights_{place}"], arrays[f"bias_{place}"]) for place in range(len(arrays) // 2)]


def write_torch(model: Model, path: Path) -> None:
    """An archive of torch.export: a graph and its weights, without anything pickled."""
    import torch

    made = module_of(model)
    with _quiet():
        program = torch.export.export(made, (_rows(model),), dynamic_shapes=({0: torch.export.Dim.AUTO},))
        program._example_inputs = None  # they alone would be pickled
        with path.open("wb") as file:
            torch.export.save(program, file)


def write_onnx(model: Model, path: Path) -> None:
    """A file of ONNX; `scores` for rows of `features`, any number at once."""
    import torch

    if absent := absent_packages():
        raise BadInput(f"ONNX needs packages that are not installed: pip install {' '.join(absent)}")
    made = module_of(model)
    with _quiet():
        program = torch.onnx.export(
            made,
            (_rows(model),),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            input_names=["features"],
            output_names=["scores"],
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props["classes"] = "\n".join(model.classes)
    program.model.metadata_props["features"] = "\n".join(model.features)
    program.save(str(path))


def scores_of_torch(path: Path, x: np.ndarray) -> np.ndarray:
    """What an exported archive says of rows."""
    import torch

    with _quiet(), path.open("rb") as file, torch.no_grad():
        return torch.export.load(file).module()(torch.from_numpy(x)).numpy()


def scores_of_onnx(path: Path, x: np.ndarray) -> np.ndarray:
    """What a file of ONNX says of rows, by the reference that comes with the format."""
    from onnx.reference import ReferenceEvaluator

    (scores,) = ReferenceEvaluator(str(path)).run(["scores"], {"features": x})
    return np.asarray(scores)


def _rows(model: Model) -> Any:
    """Two rows of zeros, from which the graph is traced."""
    import torch

    return torch.zeros(2, len(model.features))


class _quiet(warnings.catch_warnings):
    """Without the warnings of exporters about operators and arguments that nobody here uses."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
