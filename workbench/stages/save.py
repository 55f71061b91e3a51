"""The stage `save`: the model as a file that can be kept, and used on new tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import Context, Cost, Port, Size, Stage, parameter


class Save(Stage):
    """Writes the model with the preparation that it learnt; the file appears whole or not at all."""

    group = "deploy"
    title = "Save model"
    title_ja = "モデルを保存"
    doc = "Writes the model, with its preparation, to a file in the folder of the run or beside the scenario."
    doc_ja = "モデルと前処理を、実行フォルダかシナリオの隣のファイルに書き出します。"
    inputs = (Port("model", "model"),)
    outputs = (Port("file", "file"),)
    measures = ("saved_bytes",)

    path: str = parameter("model.zip", "name of the file, relative", "ファイル名（相対パス）", min_length=1)
    beside_scenario: bool = parameter(False, "write beside the scenario, not in the run's folder", "シナリオの隣に書く")

    def problems(self, folder: Path) -> list[Problem]:
        return [Problem("path-outside", "path", {"path": self.path})] if files.leads_outside(self.path) else []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        from workbench.stages.values import size_of

        model = inputs["model"]
        return Cost(2.0 * model.bytes, 2 * model.bytes, {"file": size_of(self.path)})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from workbench.stages import values

        path = files.to_write(context.folder if self.beside_scenario else context.outbox, self.path)
        values.save(inputs["model"], path)
        context.measure("saved_bytes", float(path.stat().st_size), "B")
        return {"file": self.path}
