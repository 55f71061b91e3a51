"""The log panel: what happened in the runs that are shown, line by line, to be filtered and copied."""

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.gui import icons, theme, words
from workbench.gui.parts import Combo
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.log_lines import ERROR, WARNING, LogLine, severity_of
from workbench.gui.watch.run_look import Look, title
from workbench.runs.recovery import recoveries

ICONS = {
    "info": ("note", "text2"),
    "good": ("check", "ok"),
    "warning": ("warning", "warn"),
    "error": ("error", "error"),
}
SHOWN = {"everything": tuple(ICONS), "notable": (WARNING, ERROR), "errors": (ERROR,)}
ROW = 24
Index = QModelIndex | QPersistentModelIndex
LINE = Qt.ItemDataRole.UserRole


class LogModel(QAbstractListModel):
    """The lines that pass the filter, run after run, each in order of time."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[LogLine] = []
        self.shown: list[LogLine] = []
        self._severities = SHOWN["everything"]
        self._text = ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.shown[index.row()]
        if role == LINE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return as_text(line)
        return None

    def add(self, lines: list[LogLine]) -> None:
        self.all += lines
        passed = [line for line in lines if self._passes(line)]
        if passed:
            self.beginInsertRows(QModelIndex(), len(self.shown), len(self.shown) + len(passed) - 1)
            self.shown += passed
            self.endInsertRows()

    def keep(self, lines: list[LogLine]) -> None:
        """Have these lines instead of all others."""
        self.all = lines
        self._filter()

    def show_only(self, severities: tuple[str, ...], text: str) -> None:
        self._severities, self._text = severities, text.casefold()
        self._filter()

    def _filter(self) -> None:
        self.beginResetModel()
        self.shown = [line for line in self.all if self._passes(line)]
        self.endResetModel()

    def _passes(self, line: LogLine) -> bool:
        return line.severity in self._severities and (not self._text or self._text in as_text(line).casefold())


def as_text(line: LogLine) -> str:
    """A line as it is copied and read aloud: time, run, how grave, and what."""
    when = f"{line.t_s:10.3f} s" if line.t_s is not None else " " * 12
    where = title(line.run) if line.run else words.say("watch.log.engine")
    return f"{when}  {where}  {words.say(f'watch.log.{line.severity}')}: {line.words}"


class _Painter(QStyledItemDelegate):
    """Paints a line: icon, time, run in its colour, words."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: LogLine = index.data(LINE)
        room: QRect = option.rect
        state: QStyle.StateFlag = option.state
        tokens = theme.tokens()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(room, QColor(tokens.selection))
        name, token = ICONS[line.severity]
        side = 14
        top = room.top() + (room.height() - side) / 2
        icons.paint(painter, name, QRectF(room.left() + 6, top, side, side), str(getattr(tokens, token)))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(QColor(tokens.text2))
        when = f"{line.t_s:.3f} s" if line.t_s is not None else ""
        painter.drawText(
            room.adjusted(26, 0, 0, 0).intersected(QRect(room.left(), room.top(), 106, ROW)),
            middle | Qt.AlignmentFlag.AlignRight,
            when,
        )
        left = room.left() + 122
        if line.run is not None and line.run.state.combination:
            colour = self._look.token(line.run.state.combination)
            painter.fillRect(QRectF(left, top + 1, 3, side - 2), QColor(colour))
        where = title(line.run) if line.run else words.say("watch.log.engine")
        painter.drawText(QRectF(left + 9, room.top(), 158, room.height()), middle, where)
        painter.setPen(QColor(tokens.text))
        box = QRectF(left + 172, room.top(), max(40, room.right() - left - 176), room.height())
        text = painter.fontMetrics().elidedText(line.words, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, middle, text)


class LogPanel(QWidget):
    """The log with its filter. Follows the end as long as the last line is in sight."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.model = LogModel()
        self._runs: list[FollowedRun] = []
        self._taken: dict[FollowedRun, tuple[int, int, int]] = {}  # generation, events, recoveries
        self._engine_lines: list[LogLine] = []
        self._at_end = True
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Painter(look, self.view))
        self.view.setUniformItemSizes(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.severity, self.search, self.count = Combo(), QLineEdit(), QLabel()
        self._build()
        words.changed.connect(self._speak)
        theme.changed.connect(self.view.viewport().update)
        self._speak()

    def _build(self) -> None:
        for key in SHOWN:
            self.severity.addItem("", key)
        self.severity.setFixedHeight(28)
        self.search.setFixedHeight(28)
        self.search.setFixedWidth(260)
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("search", "text2"), QLineEdit.ActionPosition.LeadingPosition)
        self.count.setProperty("role", "secondary")
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        for widget in (self.search, self.severity, self.count):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self.severity.currentIndexChanged.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        scroll = self.view.verticalScrollBar()
        scroll.valueChanged.connect(self._scrolled)
        scroll.rangeChanged.connect(self._stay_at_end)
        copy = QAction(self.view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.view.addAction(copy)

    def show_runs(self, runs: list[FollowedRun]) -> None:
        """Show the log of these runs from now on."""
        self._runs = runs
        self._taken = {run: taken for run, taken in self._taken.items() if run in runs}
        self._begin_anew()

    def refresh(self) -> None:
        """Take what is new in the runs' logs; begin anew when a run went back in time."""
        if any(run.generation != self._taken.get(run, (run.generation,))[0] for run in self._runs):
            self._begin_anew()
            return
        fresh = [line for run in self._runs for line in self._new_lines(run)]
        if fresh:
            self._append(fresh)

    def say(self, text: str, severity: str) -> None:
        """A line about the engine's process itself."""
        line = LogLine(None, None, text, severity)
        self._engine_lines.append(line)
        self._append([line])

    def add_broken_off(self, run: FollowedRun) -> None:
        """Say that a run ended without having said so."""
        self._append([LogLine(run.last_s, run, words.say("watch.log.broken_off"), "error")])

    def copy(self) -> None:
        """Put the selected lines, or all that are shown, on the clipboard."""
        rows = sorted(index.row() for index in self.view.selectedIndexes()) or range(len(self.model.shown))
        QGuiApplication.clipboard().setText("\n".join(as_text(self.model.shown[row]) for row in rows))

    def _new_lines(self, run: FollowedRun) -> list[LogLine]:
        state = run.state
        _, events, recovered = self._taken.get(run, (run.generation, 0, 0))
        lines = [LogLine(event.t_s, run, event, severity_of(event)) for event in state.log[events:]]
        # A loss right behind its fault is one standstill, told once.
        last_s = state.progress_times[-1][0] if state.progress_times else 0.0
        done = [each for each in recoveries(state) if each.recovered and each.seconds > 0 and each.ended_s < last_s]
        told = list({each.ended_s: each for each in reversed(done)}.values())[::-1]
        lines += [LogLine(each.ended_s, run, each, "good") for each in told[recovered:]]
        self._taken[run] = (run.generation, len(state.log), len(told))
        return sorted(lines, key=lambda line: line.t_s or 0.0)

    def _begin_anew(self) -> None:
        self._taken = {}
        lines = [line for run in self._runs for line in self._new_lines(run)]
        self.model.keep(self._engine_lines + lines)
        self._count()
        self._at_end = True

    def _append(self, lines: list[LogLine]) -> None:
        self.model.add(lines)
        self._count()

    def _scrolled(self, value: int) -> None:
        if self.isVisible():
            self._at_end = value >= self.view.verticalScrollBar().maximum() - ROW

    def _stay_at_end(self, _: int, maximum: int) -> None:
        if self._at_end:
            self.view.verticalScrollBar().setValue(maximum)

    def _filter(self) -> None:
        self.model.show_only(SHOWN[self.severity.currentData()], self.search.text())
        self._count()

    def _count(self) -> None:
        shown, whole = len(self.model.shown), len(self.model.all)
        self.count.setText(words.say("watch.log.count", shown=shown, all=whole) if shown != whole else "")

    def _speak(self) -> None:
        for at, key in enumerate(SHOWN):
            self.severity.setItemText(at, words.say(f"watch.log.{key}"))
        self.search.setPlaceholderText(words.say("watch.log.filter"))
        for widget, key in ((self.search, "filter"), (self.severity, "severity"), (self.view, "name")):
            widget.setAccessibleName(words.say(f"watch.log.{key}"))
        self._filter()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.view.viewport().update()
