"""The stage `export`: the model as a graph that programs without the Workbench can run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

MOST_APART = 1e-3  # of scores, between the model and what was exported
TRIED_ROWS = 16


class Export(Stage):
    """Perceptrons, linear models and networks, by torch.export or as ONNX; the result is tried before it counts.

    The graph takes prepared features and gives a score for each class; the preparation itself is not part of it.
    """

    group = "deploy"
    title = "Export model"
    title_ja = "モデル書出し"
    doc = "Writes the model as a graph, by torch.export or as ONNX, and tries that it gives the same scores."
    doc_ja = "モデルを torch.export または ONNX のグラフとして書き出し、同じ値が出ることを確かめます。"
    inputs = (Port("model", "model"),)
    outputs = (Port("file", "file"),)
    measures = ("exported_bytes", "scores_apart")

    format: Literal["torch", "onnx"] = parameter("torch", "kind of file", "ファイル形式")
    path: str = parameter("model.pt2", "name of the file, relative", "ファイル名（相対パス）", min_length=1)

    def problems(self, folder: Path) -> list[Problem]:
        from workbench.stages import exported

        found = [Problem("path-outside", "path", {"path": self.path})] if files.leads_outside(self.path) else []
        if self.format == "onnx" and (absent := exported.absent_packages()):
            detail = f"a real run needs packages for ONNX that are not installed: {', '.join(absent)}"
            found.append(Problem("refused", "format", {"detail": detail}, severity="note"))
        return found

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        from workbench.stages.values import size_of

        model = inputs["model"]
        return Cost(2e9, 1e8 + 8 * model.bytes, {"file": size_of(self.path)})  # tracing a graph takes a second or so

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import numpy as np

        from workbench.stages import exported
        from workbench.stages.models import scores

        model, path = inputs["model"], files.to_write(context.outbox, self.path)
        write = exported.write_onnx if self.format == "onnx" else exported.write_torch
        read = exported.scores_of_onnx if self.format == "onnx" else exported.scores_of_torch
        unfinished = files.beside(path)
        try:
            write(model, unfinished)
            x = np.random.default_rng(context.seed).random((TRIED_ROWS, len(model.features)), dtype=np.float32)
            if model.settings.get("symbols"):
                x = np.floor(x * len(model.classes))
            apart = float(abs(read(unfinished, x) - scores(model, x)).max())
            if not apart <= MOST_APART:
                raise BadInput(f"what was exported gives other scores than the model, by up to {apart:g}")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        context.measure("scores_apart", apart)
        context.measure("exported_bytes", float(path.stat().st_size), "B")
        return {"file": self.path}
