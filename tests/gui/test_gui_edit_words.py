"""The words of the window: none missing, in either language."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from workbench.architectures.registry import ORCHESTRATIONS, TRAININGS
from workbench.document import scenario as models
from workbench.gui import words
from workbench.gui.inspector.specs import specs
from workbench.stages.registry import STAGES

GUI = Path(__file__).parents[2] / "workbench" / "gui"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
SAME = {"app.name", "canvas.node.name", "inspector.link", "language.en", "language.ja"}


def literal_keys() -> set[tuple[str, str]]:
    """Every text constant in the code that looks like a key of a catalogue and is given to what speaks it."""
    speakers = {"say", "put", "Text", "Button", "IconButton", "Section", "section"}
    found = set()
    for path in GUI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0] if node.args else None
            said = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
            if name in speakers and re.fullmatch(r"[a-z]+(\.[a-z_-]+)+", said):
                found.add((path.name, said))
    return found


def test_every_key_in_the_code_is_in_the_catalogue():
    keys = literal_keys()
    assert len(keys) > 60
    missing = sorted((file, key) for file, key in keys if key not in words.catalogue())
    assert missing == []


def test_every_key_has_a_text_in_both_languages_with_the_same_values():
    for key, (english, japanese) in words.catalogue().items():
        assert english and japanese, key
        names = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in (english, japanese)]
        assert names[0] == names[1], key


def test_japanese_texts_are_japanese():
    own = {key: texts for key, texts in words.catalogue().items() if not key.startswith("watch.")}
    english = {key for key, (_, japanese) in own.items() if not JAPANESE.search(japanese)}
    switch = {"command.view.language", "field.id"}
    assert english - SAME - switch == set()


@pytest.mark.parametrize(
    "model",
    [*STAGES.values(), *ORCHESTRATIONS.values(), *TRAININGS.values(), models.Network, models.RunSettings, models.Fault],
    ids=lambda model: model.__name__,
)
def test_every_field_of_a_form_has_a_name_and_a_meaning_in_both_languages(model):
    for spec in specs(model):
        for language in words.LANGUAGES:
            words.set_language(language)
            label, meaning = spec.label, spec.help
            assert label and meaning, spec.name
            if language == "ja":
                assert JAPANESE.search(label) and JAPANESE.search(meaning), (spec.name, label, meaning)


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="known are en, ja"):
        words.set_language("fr")
