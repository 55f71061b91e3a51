"""The time bar: a slider over the time of the runs that are shown, and a button back to now."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from workbench.gui import words
from workbench.gui.watch.formats import clock

STEPS = 1000


class TimeBar(QWidget):
    """Chooses up to which time the runs are shown; at its right end they are shown as they are."""

    until_asked = Signal(object)  # seconds, or None for as they are

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._latest_s = 0.0
        self._until: float | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setValue(STEPS)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setFixedWidth(180)
        self.slider.valueChanged.connect(self._moved)
        self.time = QLabel()
        self.time.setProperty("role", "secondary")
        self.time.setMinimumWidth(78)
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.live = QPushButton()
        self.live.setProperty("role", "link")
        self.live.clicked.connect(self.go_live)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 7)
        row.setSpacing(8)
        for widget in (self.time, self.slider, self.live):
            row.addWidget(widget)
        words.changed.connect(self._speak)
        self._speak()
        self.hide()

    def show_times(self, latest_s: float, until: float | None) -> None:
        """What there is to choose from, and what is shown."""
        self._latest_s, self._until = latest_s, until
        self.setVisible(latest_s > 0)
        self.live.setEnabled(until is not None)
        at = STEPS if until is None else round(STEPS * until / latest_s) if latest_s else STEPS
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(at)
            self.slider.blockSignals(False)
        shown = latest_s if until is None else until
        self.time.setText(clock(shown) if latest_s > 0 else "")

    def go_live(self) -> None:
        """Show the runs as they are now."""
        self.slider.setValue(STEPS)
        self.until_asked.emit(None)

    def _moved(self, at: int) -> None:
        self.until_asked.emit(None if at >= STEPS else self._latest_s * at / STEPS)

    def _speak(self) -> None:
        self.slider.setAccessibleName(words.say("watch.slider.name"))
        self.slider.setToolTip(words.say("watch.slider.name"))
        self.live.setText(words.say("watch.slider.live"))
        self.live.setAccessibleName(words.say("watch.slider.live"))
        self.live.setToolTip(words.say("watch.slider.live_tip"))
