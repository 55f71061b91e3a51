"""The questions that the window asks: about unsaved changes, edits found again, and code of the user's."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget

from workbench.gui import words
from workbench.gui.journal import Lost


def _ask(parent: QWidget | None, title: str, text: str, detail: str, icon: QMessageBox.Icon) -> QMessageBox:
    box = QMessageBox(parent)
    box.setIcon(icon)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(detail)
    return box


def unsaved_dialog(parent: QWidget | None, name: str) -> str:
    """What to do with unsaved changes: `save`, `discard` or `cancel`."""
    box = _ask(
        parent,
        words.say("app.name"),
        words.say("unsaved.text", name=name),
        words.say("unsaved.detail"),
        QMessageBox.Icon.Question,
    )
    save = box.addButton(words.say("command.file.save"), QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton(words.say("unsaved.discard"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(words.say("common.cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save)
    box.exec()
    return {save: "save", discard: "discard"}.get(box.clickedButton(), "cancel")  # type: ignore[call-overload]


def recovery_dialog(parent: QWidget | None, lost: Lost) -> bool:
    """Whether edits of a window that broke off are wanted back."""
    name = lost.path.name if lost.path else words.say("file.untitled")
    box = _ask(
        parent,
        words.say("recover.title"),
        words.say("recover.text", name=name),
        words.say("recover.detail"),
        QMessageBox.Icon.Warning,
    )
    take = box.addButton(words.say("recover.take"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(words.say("recover.leave"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(take)
    box.exec()
    return box.clickedButton() is take


def trust_dialog(file: Path, digest: str, parent: QWidget | None = None) -> bool:
    """Whether the user trusts the code of a file with this SHA-256; the answer that changes nothing is the default."""
    box = _ask(
        parent,
        words.say("trust.title"),
        words.say("trust.text", name=file.name),
        words.say("trust.detail", path=file, digest=digest),
        QMessageBox.Icon.Warning,
    )
    box.setDetailedText(file.read_text(encoding="utf-8", errors="replace"))
    trust = box.addButton(words.say("trust.yes"), QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton(words.say("trust.no"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(leave)
    box.exec()
    return box.clickedButton() is trust


def failure_dialog(parent: QWidget | None, text: str) -> None:
    """Tell that a file could not be read or written."""
    QMessageBox.warning(parent, words.say("app.name"), text)
