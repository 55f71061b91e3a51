"""Undo and redo: a list of documents, so that the text comes back to the byte, comments included."""

from __future__ import annotations

from workbench.document.text import Document


class History:
    """The documents that there have been, and which of them is the present one."""

    def __init__(self, document: Document) -> None:
        self._documents = [document]
        self._present = 0
        self._key = ""
        self._saved: str | None = document.text

    @property
    def document(self) -> Document:
        """The present document."""
        return self._documents[self._present]

    @property
    def can_undo(self) -> bool:
        return self._present > 0

    @property
    def can_redo(self) -> bool:
        return self._present + 1 < len(self._documents)

    @property
    def is_saved(self) -> bool:
        """Whether the present text is the one that was opened or last saved."""
        return self.document.text == self._saved

    def push(self, document: Document, key: str = "") -> None:
        """A new present; what was undone is forgotten.

        Documents pushed in a row with one `key` (such as the path of the field in which a person types) are one step.
        """
        merged = bool(key) and key == self._key and self.can_undo
        del self._documents[self._present + (0 if merged else 1) :]
        self._documents.append(document)
        self._present = len(self._documents) - 1
        self._key = key

    def pause(self) -> None:
        """The next push begins a step of its own, whatever its key."""
        self._key = ""

    def undo(self) -> Document:
        """The document before; the present one if there is none before."""
        self._present = max(self._present - 1, 0)
        self._key = ""
        return self.document

    def redo(self) -> Document:
        """The document that was undone last; the present one if none was."""
        self._present = min(self._present + 1, len(self._documents) - 1)
        self._key = ""
        return self.document

    def saved(self) -> None:
        """The present text is on disk now."""
        self._saved = self.document.text
        self._key = ""
