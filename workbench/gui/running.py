"""From the document to a run: what the watch panel is given when the user asks for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workbench.gui import dialogs, words
from workbench.gui.editor import Editor
from workbench.gui.preferences import examples
from workbench.gui.watch.engine_client import EngineClient
from workbench.gui.watch.panel import WatchPanel
from workbench.runs.folder import SCENARIO
from workbench.stages import trust
from workbench.stages.registry import STAGES


class ScenarioEngine(EngineClient):
    """The engine's process, told where relative paths of the document start."""

    def __init__(self, folder: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder

    def run(
        self,
        scenario_path: Path,
        out_folder: Path,
        engines: Sequence[str],
        combinations: Sequence[str] = (),
        speed: float = 0,
        folder: Path | None = None,
        fresh: bool = False,
    ) -> None:
        super().run(scenario_path, out_folder, engines, combinations, speed, folder or self._folder(), fresh)


class Running(WatchPanel):
    """The watch panel of a window: its runs are those of the editor's document as it is, saved or not.

    `refused` is told with words when the document has problems that must be mended first.
    """

    refused = Signal(str)

    def __init__(self, editor: Editor) -> None:
        super().__init__(self._prepare, ScenarioEngine(lambda: editor.folder))
        self._editor = editor

    def run(self, engines: list[str], fresh: bool = False) -> None:
        """Have the document carried out; code of the user's runs for real only when the user trusts it."""
        if "real" in engines and not self._trusted():
            self.refused.emit(words.say("run.not-trusted"))
            return
        super().run(engines, fresh)

    def _prepare(self) -> tuple[Path, Path] | None:
        """A new study folder with the document in it; None if the document cannot be run."""
        self._editor.settle()
        document = self._editor.document
        if document.refused:
            self.refused.emit(words.say("run.refused", n=len(document.refused)))
            return None
        out = _new_folder(self._editor)
        file = out / SCENARIO
        file.write_text(document.text, encoding="utf-8", newline="")
        return file, out

    def _trusted(self) -> bool:
        """Whether the user trusts all code that the document runs; asked for each file that is not trusted yet."""
        for use in self._editor.scenario.pipeline.stages:
            kind = STAGES.get(use.use)
            if kind is None or not kind.runs_user_code:
                continue
            file = self._editor.folder / str(use.with_.get("file", kind.model_fields["file"].default))
            if not file.is_file():
                continue  # the check names it
            digest = trust.digest_of(file.read_bytes())
            if trust.is_trusted(digest):
                continue
            if not dialogs.trust_dialog(file, digest, self.window()):
                return False
            trust.trust(digest, str(file))
        return True


def _new_folder(editor: Editor) -> Path:
    """A folder under `runs` beside the scenario; for shipped scenarios, and where none can be made, the user's."""
    name = editor.path.stem if editor.path else "untitled"
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    places = [trust.home() / "runs"] if editor.path in examples() else [editor.folder / "runs", trust.home() / "runs"]
    for parent in places:
        names = [stem, *(f"{stem}-{n}" for n in range(2, 1000))]
        folder = next(parent / name for name in names if not (parent / name).exists())
        try:
            folder.mkdir(parents=True)
        except OSError:
            continue  # such as a folder that only others may write
        return folder
    raise OSError(f"no run can be written, neither beside the scenario nor in {trust.home()}")
