"""The words of the window in English and Japanese, switched while it runs.

Every catalogue under `assets/words/` maps a key to its two texts. Values are filled in as in `str.format`.
"""

import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator, Signal
from PySide6.QtWidgets import QApplication

LANGUAGES = ("en", "ja")
FOLDER = Path(__file__).parent / "assets" / "words"


class _Source(QObject):
    changed = Signal()


_source = _Source()
_language = "en"
_qt_words: QTranslator | None = None
changed = _source.changed


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """All keys with their English and Japanese texts."""
    texts: dict[str, tuple[str, str]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for key, (english, japanese) in json.loads(path.read_text(encoding="utf-8")).items():
            if key in texts:
                raise ValueError(f"{path.name}: '{key}' is in another catalogue too")
            texts[key] = (english, japanese)
    return texts


def say(key: str, **values: object) -> str:
    """The text of `key` in the language of the window; KeyError if there is none."""
    return catalogue()[key][LANGUAGES.index(_language)].format(**values)


def language() -> str:
    """The language of the window: `en` or `ja`."""
    return _language


def choose(english: str, japanese: str) -> str:
    """The one of two texts that is in the language of the window."""
    return japanese if _language == "ja" else english


def set_language(language: str) -> None:
    """Speak `en` or `ja` from now on; tells `changed`."""
    global _language
    if language not in LANGUAGES:
        raise ValueError(f"unknown language '{language}'; known are {', '.join(LANGUAGES)}")
    _language = language
    _translate_qt(language)
    changed.emit()


def _translate_qt(language: str) -> None:
    """Let Qt's own dialogs and buttons speak the language too."""
    global _qt_words
    app = QApplication.instance()
    if app is None:
        return
    if _qt_words is not None:
        app.removeTranslator(_qt_words)
        _qt_words = None
    if language == "ja":
        _qt_words = QTranslator(app)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        _qt_words.load(QLocale("ja_JP"), "qtbase", "_", folder)
        app.installTranslator(_qt_words)
