"""The sample package: what it adds is there once it is installed, in lists, palette, form, and runs of both engines."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.architectures.check import check_all
from workbench.stages import installed

HERE = Path(__file__).parent
SAMPLE = HERE / "plugin_example"


def bring(folder, *packages):
    """Install packages into a folder of their own; the environment in which they are found."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--target", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, *map(str, packages)], check=True)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(HERE.parent)]), "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    room = tmp_path_factory.mktemp("sample")
    shutil.copytree(SAMPLE, room / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    return bring(room / "site", room / "source")  # pip builds where it finds the source


def said(environment, *arguments, status=0):
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_the_command_line_lists_what_an_installed_package_adds(sample):
    stages = json.loads(said(sample, "-m", "workbench", "list", "stages", "--json"))
    assert [row["group"] for row in stages if row["stage"] == "winsorize"] == ["prepare"]
    architectures = json.loads(said(sample, "-m", "workbench", "list", "architectures", "--json"))
    assert [row["side"] for row in architectures if row["architecture"] == "all-to-all"] == ["training"]
    packages = json.loads(said(sample, "-m", "workbench", "list", "packages", "--json"))
    assert {(row["name"], row["from"], row["state"]) for row in packages} == {
        ("winsorize", "workbench-example 1.0", "loaded"),
        ("all-to-all", "workbench-example 1.0", "loaded"),
    }


SHOWN = """
from PySide6.QtWidgets import QApplication
app = QApplication([])
from workbench.gui import words
from workbench.gui.inspector.scenario import SIDES
from workbench.gui.palette import Palette
for language in ("en", "ja"):
    words.set_language(language)
    palette = Palette()
    heads = [palette.tree.topLevelItem(i) for i in range(palette.tree.topLevelItemCount())]
    print([head.child(i).text(0) for head in heads for i in range(head.childCount())])
print(list(SIDES["training"]))
"""


def test_the_window_shows_it_in_the_palette_in_both_languages_and_among_the_architectures(sample):
    english, japanese, trainings = said(sample, "-c", SHOWN).splitlines()[-3:]
    assert "Winsorize" in english
    assert "ウィンザー化" in japanese
    assert "all-to-all" in trainings


def test_a_scenario_with_it_runs_simulated_and_for_real_and_meets_its_expectations(sample, tmp_path):
    told = said(
        sample, "-m", "workbench", "run", str(SAMPLE / "scenario.yaml"), "--simulated", "--real", "--out", tmp_path
    )
    assert "missed" not in told.lower()
    assert len(list(tmp_path.rglob("events.jsonl"))) == 4


def test_without_the_package_its_scenario_opens_and_what_is_missing_is_named():
    document = check_all((SAMPLE / "scenario.yaml").read_text(), SAMPLE)
    assert document.scenario.name == "All to all"
    assert {(problem.code, problem.values.get("name")) for problem in document.problems} >= {
        ("unknown-stage-kind", "winsorize"),
        ("unknown-training", "all-to-all"),
    }


class Point:
    """An entry point of an installed package, as importlib.metadata gives it."""

    def __init__(self, name, loaded):
        self.name, self.value, self.loaded = name, f"package:{name}", loaded

    def load(self):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.mark.parametrize(
    ("loaded", "reason"),
    [
        (ImportError("no module named 'gone'"), "ImportError: no module named 'gone'"),
        (dict, "TypeError: package:odd is no Kind"),
    ],
)
def test_a_package_that_cannot_be_loaded_is_left_out_and_its_reason_told(monkeypatch, loaded, reason):
    class Kind:
        title = title_ja = doc = doc_ja = "a kind"

    monkeypatch.setattr(installed, "BROKEN", {})
    monkeypatch.setattr(installed, "entry_points", lambda group: [Point("odd", loaded), Point("sound", Kind)])
    assert installed.installed("workbench.stages", Kind, ()) == {"sound": Kind}
    assert installed.unknown("odd", {}, "unknown-stage-kind") == ("broken-package", {"name": "odd", "reason": reason})


def test_an_installed_kind_cannot_take_the_name_of_ours(monkeypatch):
    monkeypatch.setattr(installed, "BROKEN", {})
    monkeypatch.setattr(installed, "entry_points", lambda group: [Point("train", dict)])
    assert installed.installed("workbench.stages", dict, ("train",)) == {}
    assert installed.BROKEN == {"train": "package:train cannot replace what has that name already"}
