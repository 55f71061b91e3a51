"""The stage `open-model`: a model that an earlier run saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter


class OpenModel(Stage):
    """Reads a model with the preparation that it learnt, as `save` wrote it; such a file cannot hold code."""

    group = "deploy"
    title = "Open model"
    title_ja = "モデルを開く"
    doc = "Reads a model that an earlier run saved, with its preparation, to be used on new tables."
    doc_ja = "以前の実行で保存したモデルと前処理を読み込み、新しい表に使えるようにします。"
    outputs = (Port("model", "model"),)

    file: str = parameter("model.zip", "path, from the scenario's folder", "シナリオのフォルダからのパス", min_length=1)

    def problems(self, folder: Path) -> list[Problem]:
        if absent := files.missing(folder, self.file, "file"):
            return absent
        try:
            self.read(folder)
        except BadInput as error:
            return [Problem("refused", "file", {"detail": str(error)})]
        return []

    def rests_on(self) -> list[str]:
        return [self.file]

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        from workbench.stages.values import size_of

        size = size_of(self.read(folder))
        return Cost(2.0 * size.bytes, 2 * size.bytes, {"model": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        return {"model": self.read(context.folder)}

    def read(self, folder: Path) -> Any:
        """The model of the file; BadInput if it holds none that is sound."""
        from workbench.stages.models import require_sound
        from workbench.stages.values import Model, load

        value = load(files.to_read(folder, self.file))
        if not isinstance(value, Model):
            raise BadInput(f"{self.file} holds no model; the stage `save` writes one")
        require_sound(value)
        return value
