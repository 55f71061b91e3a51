"""Forms: what is typed becomes edits, and what cannot be held is said where it was typed."""

from pathlib import Path
from typing import Literal

import pytest
from PySide6.QtCore import Qt

from workbench.document import edits
from workbench.document.scenario import Choice, Fault, Position
from workbench.gui.inspector import numbers
from workbench.gui.inspector.fields import field_for
from workbench.gui.inspector.specs import Spec, specs
from workbench.stages.base import Stage, parameter

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"


class EverySort(Stage):
    flag: bool = parameter(True, "a", "あ")
    whole: int = parameter(3, "a", "あ", ge=1, le=9)
    number: float = parameter(0.5, "a", "あ", gt=0)
    choice: Literal["one", "two"] = parameter("one", "a", "あ")
    text: str = parameter("", "a", "あ")
    words: tuple[str, ...] = parameter((), "a", "あ")
    sizes: tuple[int, ...] = parameter((64, 32), "a", "あ")
    maybe: int | None = parameter(None, "a", "あ")
    file: str = parameter("a.csv", "a", "あ")


@pytest.fixture
def quickstart(hands):
    hands.editor.open(QUICKSTART)
    return hands


def parameters(hands):
    return hands.window.inspector.stage.parameters.fields


def network(hands):
    return next(part for _, part in hands.window.inspector.scenario._parts if part_path(part) == ("cluster", "network"))


def part_path(part):
    return getattr(part, "_path", None)


def test_each_sort_of_field_is_recognised_from_its_model():
    sorts = {spec.name: (spec.sort, spec.optional) for spec in specs(EverySort)}
    assert sorts == {
        "flag": ("flag", False),
        "whole": ("whole", False),
        "number": ("number", False),
        "choice": ("choice", False),
        "text": ("text", False),
        "words": ("list", False),
        "sizes": ("list", False),
        "maybe": ("whole", True),
        "file": ("path", False),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag", False),
        ("whole", 7),
        ("number", 0.25),
        ("choice", "two"),
        ("text", "x"),
        ("words", ["a", "b"]),
        ("sizes", [128]),
        ("maybe", None),
        ("maybe", 5),
        ("file", "data/b.csv"),
    ],
)
def test_a_field_gives_back_the_value_that_it_shows(qtbot, name, value):
    field = field_for(next(spec for spec in specs(EverySort) if spec.name == name))
    qtbot.addWidget(field)
    field.put(value)
    assert field.value() == value


@pytest.mark.parametrize(("text", "value"), [("25 Gbit/s", 3.125e9), ("", None), ("fast", "fast"), ("1e9", 1e9)])
def test_quantities_are_read_with_their_units(text, value):
    assert numbers.read(Spec("bandwidth", "quantity", dimension="bytes_per_s"), text) == value


def test_typing_in_one_go_is_one_step_of_undo(quickstart, qtbot):
    before = quickstart.editor.document.text
    quickstart.canvas.select(["train"])
    edit = parameters(quickstart)["epochs"].editor
    edit.setFocus()
    edit.lineEdit().selectAll()
    qtbot.keyClicks(edit, "125")
    assert quickstart.editor.scenario.pipeline.stage("train").with_["epochs"] == 125
    quickstart.do("edit.undo")
    assert quickstart.editor.document.text == before
    assert edit.lineEdit().text() == "30"


def test_undo_keys_in_a_field_undo_in_the_document(quickstart, qtbot):
    quickstart.canvas.select(["train"])
    edit = parameters(quickstart)["epochs"].editor
    edit.setFocus()
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert quickstart.editor.scenario.pipeline.stage("train").with_["epochs"] == 31
    qtbot.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert quickstart.editor.scenario.pipeline.stage("train").with_["epochs"] == 30


def test_a_wrong_parameter_is_kept_and_explained_below_its_field(quickstart, qtbot):
    quickstart.canvas.select(["train"])
    field = parameters(quickstart)["epochs"]
    field.editor.lineEdit().selectAll()
    qtbot.keyClicks(field.editor, "-3")
    quickstart.editor.settle()
    assert "too small" in field.complaint
    quickstart.do("view.language")
    assert "小さすぎ" in field.complaint
    field.editor.lineEdit().selectAll()
    qtbot.keyClicks(field.editor, "12")
    quickstart.editor.settle()
    assert field.complaint == ""


def test_a_quantity_that_the_document_cannot_hold_is_explained_and_leaves_it_alone(quickstart, qtbot):
    quickstart.canvas.select()
    before = quickstart.editor.document.text
    field = network(quickstart).form.fields["bandwidth"]
    assert field.editor.lineEdit().text() == "8 Gbit/s"
    field.editor.lineEdit().selectAll()
    qtbot.keyClicks(field.editor, "7 parsecs")
    assert "parsecs" in field.complaint
    assert "7 parsecs" not in quickstart.editor.document.text
    field.editor.lineEdit().selectAll()
    qtbot.keyClicks(field.editor, "16 Gbit/s")
    assert field.complaint == ""
    assert quickstart.editor.scenario.cluster.network.bandwidth == 2e9
    quickstart.do("edit.undo")
    assert quickstart.editor.document.text == before


def card(hands, which):
    parts = {part_path(part): part for _, part in hands.window.inspector.scenario._parts}
    return parts["architectures",]._parts[which]


def test_choosing_another_training_shows_its_parameters_and_keeps_the_focus(quickstart, qtbot):
    quickstart.canvas.select()
    use, parameters = card(quickstart, 0)[-2:]
    assert "on_loss" in parameters.form.fields
    combo = use.form.fields["use"].editor
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert quickstart.editor.scenario.architectures[0].training == Choice(
        use="parameter-server", **{"with": {"workers": 2}}
    )
    use, parameters = card(quickstart, 0)[-2:]
    assert "on_loss" not in parameters.form.fields
    assert use.form.fields["use"].editor.hasFocus()


def test_the_id_of_an_architecture_can_be_typed_in_one_go(quickstart, qtbot):
    quickstart.canvas.select()
    edit = card(quickstart, 0)[0].form.fields["id"].editor
    edit.setFocus()
    edit.end(False)
    qtbot.keyClicks(edit, "12")
    assert edit.hasFocus()
    assert quickstart.editor.scenario.architectures[0].id == "ring12"


def test_faults_and_expectations_are_added_and_removed(quickstart):
    quickstart.canvas.select()
    parts = {part_path(part): part for _, part in quickstart.window.inspector.scenario._parts}
    parts["faults",]._add()
    assert quickstart.editor.scenario.faults[-1] == Fault(kind="crash", worker="w2", at=1.0)
    parts["faults",]._remove(0)
    assert len(quickstart.editor.scenario.faults) == 1
    parts["expect",]._add()
    assert len(parts["expect",].fields) == 7
    parts["expect",]._remove(0)
    assert len(quickstart.editor.scenario.expect) == 6


def test_a_stage_is_renamed_with_its_links_and_a_bad_name_is_explained(quickstart, qtbot):
    quickstart.canvas.select(["train"])
    field = quickstart.window.inspector.stage.about.fields["id"]
    quickstart.window.inspector.stage.about.parentWidget().show()
    field.editor.setFocus()
    qtbot.keyClicks(field.editor, "9 lives")
    assert "letters" in field.complaint
    field.editor.selectAll()
    qtbot.keyClicks(field.editor, "learn")
    assert "reduce.dataset -> learn.dataset" in quickstart.links
    assert quickstart.view.canvas.selected_stages() == ("learn",)


def test_a_chosen_file_in_the_folder_of_the_scenario_is_written_relative_to_it(qtbot, tmp_path):
    field = field_for(Spec("file", "path"), tmp_path)
    qtbot.addWidget(field)
    field.take(tmp_path / "data" / "rows.csv")
    assert field.value() == "data/rows.csv"
    field.take(Path("/elsewhere/rows.csv"))
    assert field.value() == "/elsewhere/rows.csv"


def test_parameters_of_an_unknown_stage_are_shown_as_the_file_says_them(hands):
    scenario = edits.add_stage(hands.editor.scenario, "wizard", Position(x=0, y=0))
    hands.editor.edit(edits.set_parameter(scenario, "wizard", "spell", {"strength": 3}))
    hands.canvas.select(["wizard"])
    assert parameters(hands)["spell"].editor.text() == '{"strength": 3}'


def test_a_condition_and_what_it_assumes_are_typed_and_undone_and_mistakes_are_said_there(quickstart, qtbot):
    stage_ids = [stage.id for stage in quickstart.editor.scenario.pipeline.stages]
    first, last = stage_ids[0], stage_ids[-1]
    quickstart.canvas.select([first])
    about = quickstart.window.inspector.stage.about.fields
    about["assume"].edited.emit({"drift": [0, 1]}, 1)
    assert quickstart.editor.scenario.pipeline.stage(first).assume == {"drift": (0.0, 1.0)}
    quickstart.canvas.select([last])
    stage = quickstart.window.inspector.stage
    stage.about.fields["when"].edited.emit(f"{first}.drift >", 1)
    qtbot.waitUntil(lambda: "expectation-syntax" in [problem.code for problem in quickstart.editor.problems])
    stage.about.fields["when"].edited.emit(f"{first}.drift > 0.3", 1)
    qtbot.waitUntil(lambda: not [problem for problem in quickstart.editor.problems if problem.refuses])
    assert quickstart.editor.scenario.pipeline.stage(last).when == f"{first}.drift > 0.3"
    stage.about.fields["assume"].edited.emit("many", 1)
    assert quickstart.editor.scenario.pipeline.stage(last).assume == {}
    quickstart.do("edit.undo")
    quickstart.do("edit.undo")
    assert quickstart.editor.scenario.pipeline.stage(first).assume in ({}, {"drift": (0.0, 1.0)})
    quickstart.do("edit.undo")
    assert quickstart.editor.document.text == QUICKSTART.read_text(encoding="utf-8")
