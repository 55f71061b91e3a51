"""What is not saved survives the window."""

import os
import signal
import subprocess
import sys
import time

from PySide6.QtCore import QLockFile

from workbench.document import edits
from workbench.document.scenario import Position
from workbench.gui import dialogs, journal

CHILD = """
import sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
from workbench.document import edits
from workbench.document.scenario import Position
from workbench.gui.editor import Editor
editor = Editor()
editor.edit(edits.add_stage(editor.scenario, "sample", Position(x=0, y=0)))
print("edited", flush=True)
app.exec()
"""


def test_edits_of_a_killed_window_are_found_by_the_next_one(hands, monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "edited\n"
        time.sleep(1.0)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    monkeypatch.setattr(dialogs, "recovery_dialog", lambda parent, lost: True)
    assert hands.window.files.offer_recovery()
    assert hands.stages == ["sample"]
    assert hands.editor.unsaved


def test_the_entry_of_a_window_that_lives_is_not_offered(hands):
    hands.editor.edit(edits.add_stage(hands.editor.scenario, "sample", Position(x=0, y=0)))
    hands.editor.journal.flush()
    assert journal.lost() == []


def test_a_saved_document_leaves_nothing_to_recover(hands, own_home, tmp_path):
    hands.editor.edit(edits.add_stage(hands.editor.scenario, "sample", Position(x=0, y=0)))
    hands.editor.journal.flush()
    assert len(list((own_home / "journal").glob("*.json"))) == 1
    hands.editor.save(tmp_path / "mine.yaml")
    assert list((own_home / "journal").glob("*.json")) == []


def test_edits_that_are_not_wanted_back_are_forgotten(hands, own_home, monkeypatch):
    entry = own_home / "journal" / "gone.json"
    entry.write_text('{"path": null, "text": "format: 1\\n"}', encoding="utf-8")
    assert QLockFile(str(entry.with_suffix(".lock"))).tryLock(0)
    monkeypatch.setattr(dialogs, "recovery_dialog", lambda parent, lost: False)
    assert not hands.window.files.offer_recovery()
    assert not entry.exists()
