"""The rules of the house that no library checks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.architectures.registry import ORCHESTRATIONS, TRAININGS
from workbench.document.text import read
from workbench.stages.registry import OWN

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "workbench").rglob("*.py"))
SCENARIOS = [read(path.read_text(encoding="utf-8")).scenario for path in sorted((ROOT / "scenarios").rglob("*.yaml"))]
HEAVY = ("torch", "sklearn", "pandas", "scipy.stats", "pyarrow", "sqlalchemy")


def loaded_after(statement):
    code = f"import sys; {statement}; print(*[n for n in {HEAVY!r} if n in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("module", ["workbench.cli", "workbench.architectures.check", "workbench.studies.service"])
def test_heavy_libraries_are_imported_late(module):
    assert loaded_after(f"import {module}") == []


def test_every_stage_is_used_by_a_shipped_scenario():
    used = {stage.use for scenario in SCENARIOS for stage in scenario.pipeline.stages}
    assert set(OWN) - used == set()


def test_every_architecture_is_used_by_a_shipped_scenario():
    combinations = [combination for scenario in SCENARIOS for combination in scenario.architectures]
    assert set(ORCHESTRATIONS) == {combination.orchestration.use for combination in combinations}
    assert set(TRAININGS) == {combination.training.use for combination in combinations}


def test_every_shipped_scenario_has_expectations_and_says_what_it_shows():
    for scenario in SCENARIOS:
        assert scenario.expect and scenario.description, scenario.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize("package", sorted({path.parent for path in MODULES}), ids=lambda path: path.name)
def test_every_package_says_what_it_is(package):
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    assert docstring and docstring.count("\n") < 15


def test_no_module_reads_or_writes_pickles():
    for path in MODULES:
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not names & {"pickle", "dill", "cloudpickle", "joblib", "shelve"}, path
