"""What the window remembers of its user: look, language, recent files and the arrangement of the panels."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QLocale, QSettings

from workbench.stages.trust import home

VERSION = 1
RECENT = 8


def examples() -> list[Path]:
    """The scenarios that ship, the quickstart first."""
    folder = Path(__file__).resolve().parents[2] / "scenarios"
    return sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != "quickstart", path.stem))


class Preferences:
    """Typed settings in one INI file, written as soon as one changes."""

    def __init__(self) -> None:
        self._file = QSettings(str(home() / "window.ini"), QSettings.Format.IniFormat)
        if int(str(self._file.value("version", VERSION))) != VERSION:
            self._file.clear()
        self._file.setValue("version", VERSION)

    @property
    def scheme(self) -> str:
        """`light`, `dark` or `system`."""
        return str(self._file.value("scheme", "system"))

    @scheme.setter
    def scheme(self, value: str) -> None:
        self._file.setValue("scheme", value)

    @property
    def language(self) -> str:
        """`en` or `ja`; at first that of the system, where it is one of the two."""
        system = "ja" if QLocale.system().language() == QLocale.Language.Japanese else "en"
        return str(self._file.value("language", system))

    @language.setter
    def language(self, value: str) -> None:
        self._file.setValue("language", value)

    @property
    def recent(self) -> list[Path]:
        """The files opened last that still exist, the latest first."""
        paths = [Path(line) for line in str(self._file.value("recent", "")).splitlines()]
        return [path for path in paths if path.is_file()]

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        others = [other for other in self.recent if other != path]
        self._file.setValue("recent", "\n".join(str(one) for one in [path, *others][:RECENT]))

    def arrangement(self, part: str) -> QByteArray:
        """How the window or a splitter was arranged; empty if never."""
        value = self._file.value(f"arrangement/{part}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_arrangement(self, part: str, state: QByteArray) -> None:
        self._file.setValue(f"arrangement/{part}", state)
