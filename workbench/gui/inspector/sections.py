"""The inspector of a scenario: a section for each part of the question, shown when no stage is selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.document import edits
from workbench.document.problems import Problem, Refused
from workbench.document.scenario import Scenario
from workbench.gui import theme, words
from workbench.gui.editor import Editor
from workbench.gui.inspector.fields import Field, TextField
from workbench.gui.inspector.form import Form, merge_key
from workbench.gui.inspector.specs import Spec, specs
from workbench.gui.parts import Button, IconButton, Section

Where = tuple[str | int, ...]


def commit(editor: Editor, field: Field, path: Where, value: Any, typing: int) -> None:
    """Make a change of a field an edit; where the document cannot hold the value, the field says why."""
    try:
        after = edits.set_field(editor.scenario, path, value)
    except Refused as error:
        field.complain([Problem(error.code, values=error.values).words(words.language())])
        return
    field.complain([])
    editor.edit(after, merge=merge_key(".".join(map(str, path)), field, typing))


class Part(QWidget):
    """A piece of the scenario's inspector that shows what lies at a path of the document."""

    def show_scenario(self, scenario: Scenario) -> None:
        raise NotImplementedError

    def complain(self, problems: Sequence[Problem]) -> None:
        raise NotImplementedError

    def focus_place(self, place: str) -> bool:
        """Put the focus on the field of a problem's place; false if it is not here."""
        raise NotImplementedError


class ModelPart(Part):
    """The fields of one model, such as the network.

    `names` chooses some of them, `own` brings editors of its own, `place` says the model's place as problems name it.
    """

    def __init__(
        self,
        editor: Editor,
        model: type[BaseModel],
        path: Where,
        names: Sequence[str] = (),
        own: Mapping[str, Field] | None = None,
        place: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._editor, self._path = editor, path
        self._place = place or (lambda: place_of(path))
        chosen = [spec for spec in specs(model) if (not names or spec.name in names) and spec.sort != "other"]
        chosen += [field.spec for name, field in (own or {}).items() if name not in {spec.name for spec in chosen}]
        self.form = Form(chosen, editor.folder, own)
        self.form.edited.connect(self._edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)

    def _edited(self, name: str, value: Any, typing: int) -> None:
        commit(self._editor, self.form.fields[name], (*self._path, name), value, typing)

    def show_scenario(self, scenario: Scenario) -> None:
        model = edits.get_field(scenario, self._path)
        self.form.put(plain(model))

    def complain(self, problems: Sequence[Problem]) -> None:
        self.form.complain(problems, self._place())

    def focus_place(self, place: str) -> bool:
        prefix = f"{self._place()}." if self._place() else ""
        name = place.removeprefix(prefix).split(".")[0].split("[")[0]
        if not place.startswith(prefix) or name not in self.form.fields:
            return False
        self.form.focus(name)
        return True


class ListPart(Part):
    """A card for each of several models, such as the faults, with a button to remove it; and one to add another."""

    def __init__(
        self,
        editor: Editor,
        path: Where,
        make: Callable[[int, Any], list[Part]],
        fresh: Callable[[Scenario], BaseModel],
        add_key: str,
        title: Callable[[Any], str],
        signature: Callable[[Any], object] = lambda model: None,
        least: int = 0,
    ) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._editor, self._path, self._make, self._fresh = editor, path, make, fresh
        self._title, self._signature, self._least = title, signature, least
        self._parts: list[list[Part]] = []
        self._titles: list[QLabel] = []
        self._insides: list[QVBoxLayout] = []
        self._shown: list[object] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(8)
        self._column.addLayout(self._cards)
        row = QHBoxLayout()
        row.addWidget(Button(add_key, self._add, "link", "plus"))
        row.addStretch(1)
        self._column.addLayout(row)

    def _models(self, scenario: Scenario) -> tuple[Any, ...]:
        return tuple(edits.get_field(scenario, self._path))

    def show_scenario(self, scenario: Scenario) -> None:
        models = self._models(scenario)
        wanted = [self._signature(model) for model in models]
        if len(wanted) != len(self._shown):
            self._rebuild(models)
        else:
            for i, model in enumerate(models):
                if wanted[i] != self._shown[i]:
                    self._fill(i, model)
        self._shown = wanted
        for label, model in zip(self._titles, models, strict=True):
            label.setText(self._title(model))
        for parts in self._parts:
            for part in parts:
                part.show_scenario(scenario)

    def _rebuild(self, models: Sequence[Any]) -> None:
        _empty(self._cards)
        self._parts, self._titles, self._insides = [], [], []
        for i, model in enumerate(models):
            card = QFrame()
            card.setProperty("role", "card")
            column = QVBoxLayout(card)
            column.setContentsMargins(10, 4, 8, 10)
            column.setSpacing(10)
            row = QHBoxLayout()
            row.setSpacing(2)
            title = QLabel()
            title.setProperty("role", "title")
            row.addWidget(title, 1)
            remove = IconButton("common.delete", "close", partial(self._remove, i))
            remove.setEnabled(len(models) > self._least)
            row.addWidget(remove)
            column.addLayout(row)
            inside = QVBoxLayout()
            inside.setSpacing(10)
            column.addLayout(inside)
            self._cards.addWidget(card)
            self._titles.append(title)
            self._insides.append(inside)
            self._parts.append([])
            self._fill(i, model)

    def _fill(self, which: int, model: Any) -> None:
        """Make the forms of one card anew, with the focus where it was."""
        had = next((i for i, part in enumerate(self._parts[which]) if part.isAncestorOf(self._focus())), None)
        name = self._focused_name()
        _empty(self._insides[which])
        self._parts[which] = self._make(which, model)
        for part in self._parts[which]:
            self._insides[which].addWidget(part)
        if had is not None and isinstance(part := self._parts[which][had], ModelPart):
            part.show()
            part.form.focus(name)

    def _focus(self) -> QWidget:
        return QApplication.focusWidget() or self

    def _focused_name(self) -> str:
        widget: QWidget | None = self._focus()
        while widget is not None and not isinstance(widget, Field):
            widget = widget.parentWidget()
        return widget.spec.name if widget is not None else ""

    def _add(self) -> None:
        scenario = self._editor.scenario
        self._editor.edit(edits.add_item(scenario, self._path, self._fresh(scenario)))

    def _remove(self, which: int) -> None:
        self._editor.edit(edits.remove_item(self._editor.scenario, self._path, which))

    def complain(self, problems: Sequence[Problem]) -> None:
        for parts in self._parts:
            for part in parts:
                part.complain(problems)

    def focus_place(self, place: str) -> bool:
        return any(part.focus_place(place) for parts in self._parts for part in parts)


class TextsPart(Part):
    """Lines of text, such as the expectations, each with a button to remove it."""

    def __init__(self, editor: Editor, path: Where, fresh: Callable[[Scenario], str], add_key: str, label: str) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._editor, self._path, self._fresh, self._label = editor, path, fresh, label
        self.fields: list[TextField] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        column.addLayout(self._rows)
        row = QHBoxLayout()
        row.addWidget(Button(add_key, self._add, "link", "plus"))
        row.addStretch(1)
        column.addLayout(row)

    def show_scenario(self, scenario: Scenario) -> None:
        texts = edits.get_field(scenario, self._path)
        if len(texts) != len(self.fields):
            self._rebuild(len(texts))
        for field, text in zip(self.fields, texts, strict=True):
            field.put(text)

    def _rebuild(self, count: int) -> None:
        _empty(self._rows)
        self.fields = []
        for i in range(count):
            line = QWidget()
            line.setProperty("role", "clear")
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(2)
            field = TextField(Spec(str(i), "text"))
            field.editor.setFont(theme.font(theme.SECONDARY))
            field.name(words.say(self._label), "")
            field.edited.connect(partial(self._edited, i))
            row.addWidget(field, 1)
            row.addWidget(IconButton("common.delete", "close", partial(self._remove, i)))
            self._rows.addWidget(line)
            self.fields.append(field)

    def _edited(self, which: int, value: Any, typing: int) -> None:
        texts = list(edits.get_field(self._editor.scenario, self._path))
        texts[which] = value or ""
        commit(self._editor, self.fields[which], self._path, tuple(texts), typing)

    def _add(self) -> None:
        scenario = self._editor.scenario
        self._editor.edit(edits.add_item(scenario, self._path, self._fresh(scenario)))
        self.fields[-1].setFocus()

    def _remove(self, which: int) -> None:
        self._editor.edit(edits.remove_item(self._editor.scenario, self._path, which))

    def complain(self, problems: Sequence[Problem]) -> None:
        for i, field in enumerate(self.fields):
            here = f"{place_of(self._path)}[{i}]"
            field.complain([problem.words(words.language()) for problem in problems if problem.place == here])

    def focus_place(self, place: str) -> bool:
        for i, field in enumerate(self.fields):
            if place == f"{place_of(self._path)}[{i}]":
                field.setFocus()
                return True
        return False


def _empty(column: QVBoxLayout) -> None:
    while item := column.takeAt(0):
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def plain(model: Any) -> dict[str, Any]:
    """The fields of a model under the names that a document uses, not looked into."""
    if isinstance(model, dict):
        return model
    return {(field.alias or name): getattr(model, name) for name, field in type(model).model_fields.items()}


def place_of(path: Where) -> str:
    """A path as the place of a problem: `faults[0].worker`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def section(key: str, parts: Sequence[Part], folded: bool = False) -> Section:
    """Parts under a heading."""
    box = Section(key, folded)
    for part in parts:
        box.body.addWidget(part)
    return box
