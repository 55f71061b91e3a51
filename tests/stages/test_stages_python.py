"""The stage `python` and the trust that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from workbench.stages import trust
from workbench.stages.base import BadInput, Context
from workbench.stages.python_function import PythonFunction
from workbench.stages.values import size_of

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]})
DOUBLE = "def run(table):\n    table['a'] = table['a'] * 2\n    return table[table['a'] > 2]\n"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def call(context: Context) -> Callable[[str], pa.Table]:
    """call(code): what a trusted file of this content makes of TABLE."""

    def run(code: str) -> pa.Table:
        (context.folder / "step.py").write_text(code)
        return PythonFunction().work({"table": TABLE}, replace(context, trusted=lambda digest: True))["table"]

    return run


def test_a_trusted_function_gets_the_table_and_gives_one_back(call: Callable[[str], pa.Table]) -> None:
    assert call(DOUBLE).to_pydict() == {"a": [4, 6], "b": ["y", "z"]}


def test_the_index_of_the_frame_is_no_column(call: Callable[[str], pa.Table]) -> None:
    made = call("def run(table):\n    return table.groupby('b').sum()\n")
    assert made.column_names == ["a"]


def test_code_that_is_not_trusted_does_not_run(context: Context) -> None:
    (context.folder / "step.py").write_text("open('ran', 'w')\ndef run(table):\n    return table\n")
    with pytest.raises(BadInput, match=r"step.py holds Python code that you have not trusted.*workbench trust step.py"):
        PythonFunction().work({"table": TABLE}, context)
    assert not Path("ran").exists()


def test_checking_a_scenario_does_not_run_the_code(context: Context) -> None:
    mark = context.folder / "ran"
    (context.folder / "step.py").write_text(f"open({str(mark)!r}, 'w')\ndef run(table):\n    return table\n")
    assert [problem.code for problem in PythonFunction().problems(context.folder)] == ["not-trusted"]
    assert not mark.exists()


def test_trust_is_in_the_content_and_ends_with_any_change(context: Context) -> None:
    path = context.folder / "step.py"
    path.write_text(DOUBLE)
    trust.trust(trust.digest_of(path.read_bytes()), "step.py")
    trusting = replace(context, trusted=trust.is_trusted)
    assert PythonFunction().problems(context.folder) == []
    assert PythonFunction().work({"table": TABLE}, trusting)["table"].num_rows == 2
    path.write_text(DOUBLE + "# changed\n")
    (note,) = PythonFunction().problems(context.folder)
    assert (note.code, note.severity) == ("not-trusted", "note")
    with pytest.raises(BadInput, match="has changed since"):
        PythonFunction().work({"table": TABLE}, trusting)


def test_a_trust_can_be_taken_back() -> None:
    digest = trust.digest_of(b"code")
    assert not trust.is_trusted(digest)
    trust.trust(digest)
    assert trust.is_trusted(digest)
    trust.distrust(digest)
    assert not trust.is_trusted(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_what_is_no_digest_is_never_trusted(digest: str) -> None:
    assert not trust.is_trusted(digest)
    with pytest.raises(ValueError, match="no SHA-256"):
        trust.trust(digest)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def run(table):\n    return table['nope']\n", "step.py, line 2: KeyError: 'nope'"),
        ("def run(table):\n    return 3\n", "run\\(\\) gave back int, not a pandas.DataFrame"),
        ("def run(table:\n", "step.py, line 1: this is not Python"),
        ("def walk(table):\n    return table\n", "defines no function 'run'"),
        ("import sys\ndef run(table):\n    sys.exit(0)\n", "step.py, line 3: SystemExit"),
        ("def run(table):\n    table['o'] = [object()] * 3\n    return table\n", "cannot be kept"),
    ],
)
def test_a_mistake_in_the_code_is_told_with_file_and_line(
    call: Callable[[str], pa.Table], code: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        call(code)


def test_the_foretold_size_is_the_real_one_where_the_user_says_what_changes(
    context: Context, call: Callable[[str], pa.Table]
) -> None:
    made = call("def run(table):\n    table['c'] = table['a'] + 1.5\n    return table[['a', 'c']][:2]\n")
    table = pa.table({"a": [1, 2, 3]})
    stage = PythonFunction(columns_added=1, rows_kept=2 / 3)
    assert stage.cost({"table": size_of(table)}, context.folder).outputs["table"] == size_of(made)


def test_a_missing_or_broken_file_is_a_problem_before_the_run(tmp_path: Path) -> None:
    (absent,) = PythonFunction().problems(tmp_path)
    assert (absent.code, absent.place) == ("file-missing", "file")
    (tmp_path / "step.py").write_text("def walk(): pass\n")
    (wrong,) = PythonFunction().problems(tmp_path)
    assert "defines no function 'run'" in wrong.words()
