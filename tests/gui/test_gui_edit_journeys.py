"""Whole journeys of a person who draws a pipeline."""

from pathlib import Path

import pytest
from edit_hands import Hands, link
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from workbench.document import edits
from workbench.document.scenario import Position
from workbench.gui import dialogs

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NO, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def two_stages(hands: Hands) -> None:
    hands.drop("sample", 160, 160)
    hands.drop("prepare", 460, 160)


def test_two_stages_are_drawn_joined_undone_redone_saved_and_opened_again(hands, tmp_path):
    two_stages(hands)
    assert hands.stages == ["sample", "prepare"]
    hands.connect("sample.table", "prepare.table")
    assert hands.links == ["sample.table -> prepare.table"]
    drawn = hands.editor.document.text
    hands.do("edit.undo")
    assert hands.links == []
    hands.do("edit.undo")
    assert hands.stages == ["sample"]
    hands.do("edit.redo")
    hands.do("edit.redo")
    assert hands.editor.document.text == drawn
    hands.editor.save(tmp_path / "mine.yaml")
    assert not hands.editor.unsaved
    hands.editor.new()
    hands.editor.open(tmp_path / "mine.yaml")
    assert hands.links == ["sample.table -> prepare.table"]
    assert hands.editor.document.text == drawn
    hands.editor.save()
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == drawn


def test_a_link_between_ports_of_different_types_is_refused_with_both_types_named(hands):
    hands.drop("sample", 160, 160)
    hands.drop("train", 460, 160)
    hands.connect("sample.table", "train.dataset")
    assert hands.links == []
    assert "table" in hands.canvas.hint.text() and "dataset" in hands.canvas.hint.text()


def test_ports_that_do_not_fit_fade_while_a_link_is_drawn(hands, qtbot):
    two_stages(hands)
    hands.drop("evaluate", 460, 340)
    surface = hands.view.viewport()
    qtbot.mousePress(surface, Qt.MouseButton.LeftButton, NO, hands.port("sample.table", True))
    qtbot.mouseMove(surface, hands.port("sample.table", True) + QPoint(60, 40))
    assert hands.view.canvas.nodes["prepare"].opacity() == 1.0
    assert hands.view.canvas.nodes["evaluate"].opacity() < 0.5
    hands.key(Qt.Key.Key_Escape)
    assert hands.view.canvas.nodes["evaluate"].opacity() == 1.0
    qtbot.mouseRelease(surface, Qt.MouseButton.LeftButton, NO, hands.port("prepare.table", False))
    assert hands.links == []


def test_a_link_that_closes_a_circle_is_refused_with_its_stages_named(hands):
    hands.drop("pca", 160, 160)
    hands.drop("pca", 460, 160)
    hands.connect("pca.dataset", "pca_2.dataset")
    hands.connect("pca_2.dataset", "pca.dataset")
    assert hands.links == ["pca.dataset -> pca_2.dataset"]
    assert "pca_2 → pca → pca_2" in hands.canvas.hint.text()


def test_a_link_can_be_picked_up_at_its_input_and_dropped_to_remove_it(hands):
    two_stages(hands)
    hands.connect("sample.table", "prepare.table")
    end = hands.port("prepare.table", False)
    hands.drag(end, end + QPoint(-60, 120))
    assert hands.links == []


def test_a_link_dropped_on_nothing_offers_only_stages_that_fit_and_joins_the_chosen_one(hands):
    hands.drop("prepare", 160, 160)
    start = hands.port("prepare.dataset", True)
    hands.drag(start, start + QPoint(160, 60))
    finder = hands.window.finder
    offered = [finder.list.item(i).text() for i in range(finder.list.count())]
    assert "PCA" in offered and "Sample table" not in offered
    finder.field.setText("pca")
    hands.key(Qt.Key.Key_Return)
    assert hands.links == ["prepare.dataset -> pca.dataset"]


def test_dragged_stages_move_by_squares_of_the_grid_as_one_step_and_one_line_of_the_file(hands):
    two_stages(hands)
    before = hands.editor.document.text
    start = hands.centre("sample")
    hands.drag(start, start + QPoint(0, 130))
    after = hands.editor.document.text
    moved = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(moved) == 1 and "sample:" in moved[0]
    assert hands.editor.scenario.layout["sample"].y % 24 == 0
    hands.do("edit.undo")
    assert hands.editor.document.text == before


def test_a_box_around_stages_selects_them_and_delete_removes_them_with_their_links(hands):
    two_stages(hands)
    hands.connect("sample.table", "prepare.table")
    hands.drag(QPoint(4, 4), hands.centre("prepare") + QPoint(160, 160))
    assert set(hands.view.canvas.selected_stages()) == {"sample", "prepare"}
    hands.do("edit.delete")
    assert hands.stages == [] and hands.links == []


def test_copies_are_pasted_beside_their_originals_with_the_links_among_them(hands):
    two_stages(hands)
    hands.connect("sample.table", "prepare.table")
    hands.do("edit.select-all")
    hands.do("edit.copy")
    hands.do("edit.paste")
    assert hands.stages == ["sample", "prepare", "sample_2", "prepare_2"]
    assert "sample_2.table -> prepare_2.table" in hands.links
    assert hands.view.canvas.selected_stages() == ("sample_2", "prepare_2")
    hands.do("edit.duplicate")
    assert len(hands.stages) == 6


def test_pasting_what_is_no_stages_says_so_and_changes_nothing(hands):
    before = hands.editor.document.text
    for held in ("some text", "[1, 2]", '{"stages": [{"id": "1 2"}], "links": [], "layout": {}}'):
        QApplication.clipboard().setText(held)
        hands.do("edit.paste")
        assert hands.canvas.hint.text() == "The clipboard holds no stages."
    assert hands.editor.document.text == before


def test_a_pipeline_is_placed_and_joined_with_keys_alone(hands, qtbot):
    hands.do("view.find-stage")
    qtbot.keyClicks(hands.window.palette_panel.field, "sample")
    hands.key(Qt.Key.Key_Return)
    hands.do("view.find-stage")
    hands.window.palette_panel.field.clear()
    qtbot.keyClicks(hands.window.palette_panel.field, "prepare")
    hands.key(Qt.Key.Key_Return)
    assert hands.stages == ["sample", "prepare"]
    assert hands.window.focusWidget() is hands.view
    hands.key(Qt.Key.Key_Left)
    assert hands.view.canvas.selected_stages() == ("sample",)
    hands.key(Qt.Key.Key_C)
    assert "prepare.table" in hands.canvas.hint.text()
    hands.key(Qt.Key.Key_Return)
    assert hands.links == ["sample.table -> prepare.table"]
    hands.key(Qt.Key.Key_Down, CONTROL)
    hands.key(Qt.Key.Key_Down, CONTROL)
    low = hands.editor.scenario.layout["sample"].y
    hands.do("edit.undo")
    assert hands.editor.scenario.layout["sample"].y == low - 48
    hands.key(Qt.Key.Key_Return)
    assert hands.window.focusWidget() is hands.window.inspector.stage.parameters.fields["name"].editor


def test_ten_mistakes_are_listed_at_once_and_mark_their_stages(hands, tmp_path):
    (tmp_path / "broken.yaml").write_text(TEN_MISTAKES, encoding="utf-8")
    hands.editor.open(tmp_path / "broken.yaml")
    problems = hands.editor.problems
    assert len(problems) >= 10
    panel = hands.window.problems
    assert panel.list.topLevelItemCount() == len(problems)
    nodes = hands.view.canvas.nodes
    marked = {id for id, node in nodes.items() if node.problems}
    assert {"digits", "prepare", "train", "wizard"} <= marked
    assert not nodes["pca"].problems
    place = "pipeline.stages[train].with.epochs"
    lines = [panel.list.topLevelItem(i) for i in range(panel.list.topLevelItemCount())]
    panel.list.setCurrentItem(next(line for line in lines if line.text(1) == place))
    assert hands.view.canvas.selected_stages() == ("train",)
    assert "too small" in hands.window.inspector.stage.parameters.fields["epochs"].complaint


def test_a_stage_of_an_unknown_kind_keeps_its_data_and_links(hands, tmp_path):
    file = tmp_path / "later.yaml"
    file.write_text(UNKNOWN_KIND, encoding="utf-8")
    hands.editor.open(file)
    node = hands.view.canvas.nodes["wizard"]
    assert not node.face.known
    assert [port.name for port in node.face.inputs] == ["in"]
    hands.editor.edit(edits.move(hands.editor.scenario, {"wizard": Position(x=48, y=48)}))
    hands.editor.save()
    kept = file.read_text(encoding="utf-8")
    assert "spell: {strength: 3}" in kept and "digits.table -> wizard.in" in kept


def test_problems_of_links_mark_the_stage_where_the_link_ends(hands):
    two_stages(hands)
    hands.drop("train", 460, 340)
    hands.editor.edit(edits.connect(hands.editor.scenario, link("sample.table -> train.dataset")))
    hands.editor.settle()
    assert any(problem.code == "port-types" for problem in hands.view.canvas.nodes["train"].problems)
    assert hands.view.canvas.links[link("sample.table -> train.dataset")].wrong


def test_the_state_of_each_stage_in_a_run_is_shown_and_taken_away(hands):
    from types import SimpleNamespace as Fact

    two_stages(hands)
    facts = {"sample": Fact(status="done", seconds=0.2), "prepare": Fact(status="running", seconds=1.0)}
    hands.canvas.show_status(facts, {"prepare": 0.5})
    nodes = hands.view.canvas.nodes
    assert (nodes["sample"].status.icon, nodes["sample"].status.share) == ("check", 1.0)
    assert (nodes["prepare"].status.icon, nodes["prepare"].status.detail) == ("running", "50%")
    assert "running" in nodes["prepare"].objectName()
    hands.canvas.show_status({})
    assert nodes["sample"].status is None


def test_everything_that_takes_the_focus_has_a_name(hands):
    hands.editor.open(SCENARIOS / "quickstart.yaml")
    for chosen in ([], ["train"], ["train", "save"]):
        hands.canvas.select(chosen)
        for widget in hands.window.findChildren(QWidget):
            if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisibleTo(hands.window):
                continue
            if isinstance(widget, QLabel) or widget.objectName().startswith("qt_"):
                continue
            face = QAccessible.queryAccessibleInterface(widget)
            assert face.text(QAccessible.Text.Name), f"{type(widget).__name__} in {type(widget.parent()).__name__}"


def test_screen_readers_find_each_stage_with_its_links(hands):
    two_stages(hands)
    hands.connect("sample.table", "prepare.table")
    face = QAccessible.queryAccessibleInterface(hands.view)
    assert face.role() == QAccessible.Role.Canvas
    assert face.childCount() == 2
    child = face.child(1)
    assert child.text(QAccessible.Text.Name).startswith("prepare, Prepare")
    assert child.text(QAccessible.Text.Description) == "table from sample.table"


def test_language_and_look_change_while_the_window_is_open(hands):
    hands.editor.open(SCENARIOS / "quickstart.yaml")
    hands.canvas.select(["train"])
    hands.do("view.language")
    assert hands.window.commands.actions["file.save"].text() == "保存"
    assert hands.view.canvas.nodes["train"].face.kind == "ニューラル学習"
    assert hands.window.inspector.stage.parameters.fields["epochs"].spec.label == "エポック数"
    light = hands.window.grab().toImage().pixelColor(700, 60)
    hands.do("view.scheme")
    assert hands.window.grab().toImage().pixelColor(700, 60) != light
    hands.do("view.language")
    assert hands.window.commands.actions["file.save"].text() == "Save"


def test_unsaved_changes_are_asked_about_and_cancel_keeps_the_window(hands, monkeypatch):
    del hands.window.files.may_leave
    two_stages(hands)
    asked = []
    monkeypatch.setattr(dialogs, "unsaved_dialog", lambda parent, name: asked.append(name) or "cancel")
    assert not hands.window.close()
    assert asked == ["Untitled"] and hands.window.isVisible()
    monkeypatch.setattr(dialogs, "unsaved_dialog", lambda parent, name: "discard")
    assert hands.window.close()


def test_commands_are_found_by_typing_and_run(hands, qtbot):
    two_stages(hands)
    hands.key(Qt.Key.Key_K, CONTROL)
    hands.do("help.palette")
    qtbot.keyClicks(hands.window.finder.field, "select all")
    hands.key(Qt.Key.Key_Return)
    assert set(hands.view.canvas.selected_stages()) == {"sample", "prepare"}
    assert not hands.window.finder.isVisible()


def test_arranging_puts_every_stage_right_of_those_it_needs(hands):
    hands.editor.open(SCENARIOS / "digits-production.yaml")
    hands.do("edit.arrange")
    scenario = hands.editor.scenario
    for one in scenario.pipeline.links:
        assert scenario.layout[one.source_stage].x < scenario.layout[one.target_stage].x


def test_a_group_is_drawn_around_its_stages_and_can_be_taken_away(hands):
    two_stages(hands)
    hands.do("edit.select-all")
    hands.do("edit.group")
    group = hands.view.canvas.groups["group"]
    for node in hands.view.canvas.nodes.values():
        assert group.boundingRect().contains(node.box())
    hands.do("edit.ungroup")
    assert hands.view.canvas.groups == {}


@pytest.mark.parametrize("turns", [1, -1])
def test_the_wheel_zooms_about_the_pointer(hands, turns):
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    two_stages(hands)
    point = QPointF(200, 180)
    before, zoom = hands.view.mapToScene(point.toPoint()), hands.view.zoom
    event = QWheelEvent(
        point, point, QPoint(), QPoint(0, 120 * turns), Qt.MouseButton.NoButton, NO, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(hands.view.viewport(), event)
    assert (hands.view.zoom > zoom) == (turns > 0)
    away = hands.view.mapToScene(point.toPoint()) - before
    assert abs(away.x()) < 2 and abs(away.y()) < 2


TEN_MISTAKES = """\
format: 1
name: Ten mistakes
pipeline:
  stages:
    - {id: digits, use: sample, with: {name: digitz}}
    - {id: prepare, use: prepare, with: {held_out: 2}}
    - {id: pca, use: pca}
    - {id: train, use: train, with: {epochs: -3, batchsize: 64}}
    - {id: wizard, use: wizzard}
    - {id: score, use: evaluate}
  links:
    - digits.table -> prepare.table
    - prepare.dataset -> pca.dataset
    - pca.dataset -> train.dataset
    - digits.table -> score.model
    - train.model -> nobody.model
architectures:
  - id: ring
    training: {use: ring-all-reduse}
faults:
  - {kind: crash, worker: w99, at: 1 s}
expect:
  - ring.samples_per_secnd > 1
"""

UNKNOWN_KIND = """\
format: 1
name: From a later version
pipeline:
  stages:
    - {id: digits, use: sample}
    - {id: wizard, use: wizard, with: {spell: {strength: 3}}}
  links:
    - digits.table -> wizard.in
"""


def test_a_file_that_cannot_be_read_is_shown_with_its_problem_and_never_written_over(hands, tmp_path):
    broken = "name: [\n\tthis is not YAML"
    (tmp_path / "broken.yaml").write_text(broken, encoding="utf-8")
    hands.editor.open(tmp_path / "broken.yaml")
    hands.editor.settle()
    refused = []
    hands.editor.refused.connect(refused.append)
    hands.drop("sample", 160, 160)
    assert hands.stages == [] and len(refused) == 1
    assert hands.editor.problems
    assert hands.editor.document.text == broken
