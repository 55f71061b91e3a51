"""What holds for every kind of stage."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import workbench.stages
from workbench.document.expectations import parse
from workbench.stages.base import GROUPS, PORT_TYPES
from workbench.stages.registry import OWN, STAGES, kinds

HERE = Path(workbench.stages.__file__).parent
HEAVY = ("torch", "sklearn", "pandas", "scipy", "pyarrow")


@pytest.mark.parametrize("kind", OWN)
def test_a_stage_is_described_in_both_languages(kind: str) -> None:
    stage = OWN[kind]
    assert stage.group in GROUPS
    assert stage.title.isascii()
    assert stage.doc.isascii()
    assert not stage.title_ja.isascii()
    assert not stage.doc_ja.isascii()
    for name, field in stage.model_json_schema()["properties"].items():
        assert field["description"].isascii(), name
        assert not field["ja"].isascii(), name


@pytest.mark.parametrize("kind", OWN)
def test_a_stage_has_typed_ports_of_different_names(kind: str) -> None:
    stage = OWN[kind]
    assert stage.outputs
    for ports in (stage.inputs, stage.outputs):
        assert all(port.type in PORT_TYPES for port in ports)
        assert len({port.name for port in ports}) == len(ports)


@pytest.mark.parametrize("kind", OWN)
def test_a_stage_can_be_placed_without_parameters(kind: str) -> None:
    assert OWN[kind]().model_dump(mode="json") is not None


def test_only_python_functions_and_scripts_run_code_of_the_user() -> None:
    assert [kind for kind in OWN if OWN[kind].runs_user_code] == ["python", "shell"]


def test_every_kind_has_a_name() -> None:
    assert kinds() == tuple(STAGES)
    assert set(OWN) <= set(STAGES)


def test_nothing_here_uses_pickle() -> None:
    forbidden = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    for path in HERE.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not forbidden & {name.name.split(".")[0] for name in node.names}, path.name
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, path.name
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), path.name
                assert node.value.value is False, path.name
            if isinstance(node, ast.Attribute):
                assert ast.unparse(node) not in ("torch.load", "torch.save", "np.load"), path.name


def test_knowing_and_checking_stages_loads_no_heavy_library() -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from workbench.document.scenario import Scenario, Pipeline;"
        "from workbench.stages.check import check; from workbench.stages.sizes import sizes;"
        "p = {'stages': [{'id': 'a', 'use': 'sample'}, {'id': 'b', 'use': 'prepare'}, {'id': 'c', 'use': 'train'}],"
        " 'links': ['a.table -> b.table', 'b.dataset -> c.dataset']};"
        "s = Scenario.model_validate({'pipeline': p});"
        "assert check(s, Path()) == []; sizes(s.pipeline, Path());"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", OWN)
def test_what_a_stage_measures_has_names_that_expectations_can_use(kind: str) -> None:
    for name in OWN[kind]().tells():
        assert parse(f"real.a.{name}_of_{kind.replace('-', '_')} > 0").names
