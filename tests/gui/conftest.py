"""Windows are tested off the screen, on one of 1920 x 1080, each test with settings and state of its own."""

import os
from pathlib import Path

_SCREEN = Path(__file__).with_name("offscreen.json")
os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={_SCREEN}"
os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"

import pytest  # noqa: E402
from PySide6.QtCore import QEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from workbench.gui import theme, words  # noqa: E402


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Settings, journals and trust of a test stay in a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def same_look(qapp: QApplication):
    """Every test begins in dark and English, and leaves no window behind: each would be painted and told of changes."""
    theme.apply(qapp, "dark")
    words.set_language("en")
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def window(qtbot):
    """A shown window with an empty document; closed without questions."""
    from workbench.gui.preferences import Preferences
    from workbench.gui.window import MainWindow

    made = MainWindow(Preferences())
    made.files.may_leave = lambda: True  # type: ignore[method-assign]
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def hands(window, qtbot):
    """What a person does with that window."""
    from edit_hands import Hands

    return Hands(window, qtbot)
