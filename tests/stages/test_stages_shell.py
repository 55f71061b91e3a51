"""The stages `shell` and `stream`: what comes from programs of the user's own."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from workbench.stages import trust
from workbench.stages.base import BadInput, Context
from workbench.stages.shell import ShellCommand
from workbench.stages.stream import Stream

TABLE = pa.table({"n": [1, 2, 3], "name": ["a", "b,c", "d"]})


@pytest.fixture
def run(context: Context) -> Callable[..., Any]:
    """run(script, **parameters): the table that a trusted script makes of TABLE."""

    def carry_out(script: str, **parameters: Any) -> Any:
        code = script.encode()
        (context.folder / "step.sh").write_bytes(code)
        trusting = replace(context, trusted=lambda digest: digest == trust.digest_of(code))
        return ShellCommand(**parameters).work({"table": TABLE}, trusting)["table"]

    return carry_out


def test_a_table_goes_through_a_script(run: Callable[..., Any]) -> None:
    assert run("cat").equals(TABLE)
    assert run("awk -F, 'NR == 1 || $1 > 1'").to_pylist() == TABLE.slice(1).to_pylist()


def test_a_script_that_nobody_trusts_or_that_has_changed_is_not_run(context: Context) -> None:
    script = context.folder / "step.sh"
    script.write_text("touch ran; cat")
    old = trust.digest_of(b"cat")
    with pytest.raises(BadInput, match="is a script that you have not trusted, or that has changed"):
        ShellCommand().work({"table": TABLE}, replace(context, trusted=lambda digest: digest == old))
    (problem,) = ShellCommand().problems(context.folder)
    assert problem.code == "not-trusted" and not problem.refuses
    assert not list(context.folder.rglob("ran"))


def test_a_script_sees_no_secrets_and_leaves_nothing_beside_the_scenario(
    run: Callable[..., Any], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    said = run('touch here; printf \'secret,folder\\n%s,%s\\n\' "$DATABASE_PASSWORD" "$PWD"').to_pylist()
    assert said[0]["secret"] is None
    assert not Path(said[0]["folder"]).exists()
    assert sorted(path.name for path in context.folder.iterdir()) == ["outbox", "step.sh"]


def test_a_script_that_fails_says_why(run: Callable[..., Any]) -> None:
    with pytest.raises(BadInput, match=r"step.sh ended with code 3: no such column"):
        run("echo 'no such column' >&2; exit 3")
    with pytest.raises(BadInput, match=r"step.sh wrote nothing"):
        run("true")
    with pytest.raises(BadInput, match=r"what step.sh wrote is no table"):
        run("printf 'a,b\\n1\\n2,3,4\\n'")


def test_a_script_that_takes_too_long_is_ended_with_all_that_it_started(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"step.sh was ended after 0.5 s"):
        run(f"sleep 600 & echo $! > {tmp_path}/pid; wait", limit_s=0.5)
    child = int((tmp_path / "pid").read_text())
    until_s = time.monotonic() + 20
    while _lives(child) and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.getpgid(process) > 0


# --- streams ------------------------------------------------------------------


def test_a_stream_is_followed_while_it_grows(work: Callable[..., Any], context: Context) -> None:
    path = context.folder / "stream.jsonl"
    path.write_text('{"n": 0}\n')

    def write() -> None:
        with path.open("a") as file:
            for n in range(1, 6):
                time.sleep(0.03)
                text = json.dumps({"n": n, "late": "x"}) + "\n"
                file.write(text[:4])
                file.flush()
                file.write(text[4:])
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    table = work("stream", rows=5, wait_s=30.0)
    writer.join()
    assert table.column("n").to_pylist() == [0, 1, 2, 3, 4]
    assert table.column("late").to_pylist() == [None, "x", "x", "x", "x"]


def test_a_window_ends_when_nothing_comes_and_leaves_out_what_is_unfinished(
    work: Callable[..., Any], context: Context
) -> None:
    (context.folder / "stream.jsonl").write_text('{"n": 1}\n\n{"n": 2}\n{"n": ')
    assert work("stream", wait_s=0.1).column("n").to_pylist() == [1, 2]


def test_what_is_no_row_is_refused_by_line(work: Callable[..., Any], context: Context) -> None:
    assert "there is no file stream.jsonl" in Stream().problems(context.folder)[0].words()
    path = context.folder / "stream.jsonl"
    for text, said in (
        ('{"n": 1}\nn=2\n', "line 2: this is not JSON"),
        ("[1]\n", "line 1: a row is an object"),
        ('{"n": 1}\n{"n": "x"}\n', "'n' holds values of several types"),
        ("", "no row came within"),
    ):
        path.write_text(text)
        with pytest.raises(BadInput, match=said):
            work("stream", wait_s=0.1)
