"""Promises of the whole window: it starts light, undo leads back to the byte, commands are consistent, labels fit."""

import subprocess
import sys
from pathlib import Path

import pytest
from edit_hands import Hands
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from workbench.gui.canvas import doing, keyboard
from workbench.stages.registry import STAGES

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
HEAVY = ("torch", "sklearn", "pandas", "scipy", "pyarrow", "simpy", "networkx")


def test_the_window_is_imported_without_heavy_libraries_and_engines():
    code = f"import workbench.gui.window, sys; print([name for name in {HEAVY} if name in sys.modules])"
    code += "; print([name for name in sys.modules if name.startswith(('workbench.engines', 'workbench.studies'))])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["[]", "[]"]


def act(hands: Hands, action: tuple[str, int, int]) -> None:
    """One thing that a person does, chosen by numbers."""
    what, one, other = action
    nodes, view = hands.view.canvas.nodes, hands.view
    ids = list(nodes)
    if what == "place":
        doing.place(view, list(STAGES)[one % len(STAGES)])
    elif what == "link" and ids:
        source, target = ids[one % len(ids)], ids[other % len(ids)]
        for start in [end for end in nodes[source].ends() if end[2]][:1]:
            for end in [end for end in nodes[target].ends() if not end[2]][:1]:
                hands.connect(f"{start[0]}.{start[1]}", f"{end[0]}.{end[1]}")
    elif what == "select" and ids:
        view.canvas.select({ids[one % len(ids)], ids[other % len(ids)]})
    elif what == "nudge":
        keyboard.nudge(view, one % 3 - 1, other % 3 - 1)
    else:
        hands.do(
            {"delete": "edit.delete", "duplicate": "edit.duplicate", "group": "edit.group"}.get(what, "edit.arrange")
        )


ACTIONS = st.tuples(
    st.sampled_from(["place", "link", "select", "nudge", "delete", "duplicate", "group", "arrange"]),
    st.integers(0, 20),
    st.integers(0, 20),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=14), scenario=st.sampled_from(SCENARIOS))
def test_whatever_was_done_can_be_undone_to_the_byte_and_done_again(hands, actions, scenario):
    hands.editor.open(scenario)
    start = hands.editor.document.text
    for action in actions:
        act(hands, action)
    end, drawn = hands.editor.document.text, set(hands.view.canvas.links)
    assert {f"{one.source} -> {one.target}" for one in drawn} == set(hands.links)
    while hands.editor.history.can_undo:
        hands.do("edit.undo")
    assert hands.editor.document.text == start
    while hands.editor.history.can_redo:
        hands.do("edit.redo")
    assert hands.editor.document.text == end
    assert set(hands.view.canvas.nodes) == set(hands.stages)


def test_no_two_commands_of_the_window_have_the_same_keys(hands):
    seen: dict[str, str] = {}
    for id, action in hands.window.commands.actions.items():
        for keys in action.shortcuts():
            assert keys.toString() not in seen, f"{id} and {seen.get(keys.toString())} both have {keys.toString()}"
            seen[keys.toString()] = id
    assert len(seen) > 30


def test_every_command_is_in_a_menu_and_in_the_palette_of_commands(hands):
    for id, action in hands.window.commands.actions.items():
        assert action in hands.window.commands.menus[id.split(".")[0]].actions()
    hands.editor.open(SCENARIOS[0])
    offered = {choice.text for choice in hands.window.commands.choices()}
    assert "File: Save" in offered and "Edit: Undo" not in offered


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_label_is_cut_off(hands, qtbot, language):
    from workbench.gui import words

    words.set_language(language)
    hands.editor.open(SCENARIOS[-2])
    for chosen in ([], hands.stages[:1]):
        hands.canvas.select(chosen)
        qtbot.wait(50)
        for kind in (QLabel, QPushButton, QToolButton):
            for widget in hands.window.findChildren(kind):
                if not widget.isVisible() or not widget.text():
                    continue
                wraps = isinstance(widget, QLabel) and widget.wordWrap()
                needed = widget.minimumSizeHint().width() if wraps else widget.sizeHint().width()
                assert widget.width() >= needed - 1, (language, widget.text(), widget.width(), needed)


def test_a_large_pipeline_is_drawn_from_far_away_and_can_still_be_selected(hands):
    from workbench.document.scenario import Pipeline, Position, Scenario, StageUse

    stages = tuple(StageUse(id=f"s{i}", use="pca") for i in range(300))
    layout = {f"s{i}": Position(x=216 * (i % 20), y=120 * (i // 20)) for i in range(300)}
    hands.view.canvas.show_scenario(Scenario(pipeline=Pipeline(stages=stages), layout=layout))
    hands.view.fit()
    assert hands.view.zoom < 0.35
    picture = hands.view.grab().toImage()
    spot = hands.centre("s150")
    empty = picture.pixelColor(2, 2)
    assert picture.pixelColor(spot) != empty
    hands.qtbot.mouseClick(hands.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert hands.view.canvas.selected_stages() == ("s150",)
