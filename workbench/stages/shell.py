"""The stage `shell`: a script of the user's own, from a table on its input to a table on its output, behind trust."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files, trust
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

LAST_WORDS = 500  # letters of what a script complained of last
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")  # secrets of the environment are not handed on


class ShellCommand(Stage):
    """Runs a script whose present content the user trusts, by `sh`: CSV comes in, CSV goes out.

    It starts in an empty folder of its own, without the secrets of the environment, and is ended with all that it
    started when its time is over.
    """

    group = "custom"
    title = "Shell script"
    title_ja = "シェルスクリプト"
    doc = "Your own script, run by `sh`: CSV comes in, CSV goes out. It asks for your trust first."
    doc_ja = "手元のスクリプトを `sh` で実行します。表を CSV で渡し、出力を表にします。初回は信頼の確認があります。"
    inputs = (Port("table", "table"),)
    outputs = (Port("table", "table"),)
    runs_user_code = True
    measures = ("rows",)

    file: str = parameter("step.sh", "script, beside the scenario", "シナリオの隣のスクリプト", min_length=1)
    limit_s: float = parameter(60.0, "seconds after which it is ended", "打ち切りまでの秒数", gt=0, le=86_400)
    operations_per_row: float = parameter(
        1000.0, "what the script costs, for simulated runs", "1 行あたりの演算数（シミュレーション用）", ge=0
    )
    columns_added: int = parameter(
        0, "columns that it adds, for simulated runs", "追加される列数（シミュレーション用）", ge=0
    )
    rows_kept: float = parameter(1.0, "rows out for each row in, for simulated runs", "入力 1 行あたりの出力行数", gt=0)

    def problems(self, folder: Path) -> list[Problem]:
        if absent := files.missing(folder, self.file, "file"):
            return absent
        if not trust.is_trusted(trust.digest_of((folder / self.file).read_bytes())):
            return [Problem("not-trusted", "file", {"path": self.file}, severity="note")]
        return []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        table = inputs["table"]
        rows = max(1, round(table.rows * self.rows_kept))
        bytes_ = (table.bytes / max(table.rows, 1) + 8.0 * self.columns_added) * rows
        size = replace(table, rows=rows, columns=table.columns + self.columns_added, bytes=bytes_)
        return Cost(1e7 + self.operations_per_row * table.rows, 6 * table.bytes + bytes_, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from pyarrow import BufferOutputStream, csv

        code = files.to_read(context.folder, self.file).read_bytes()
        if not context.trusted(trust.digest_of(code)):
            raise BadInput(
                f"{self.file} is a script that you have not trusted, or that has changed since; "
                f"read it, then trust it in the window or by 'workbench trust {self.file}'"
            )
        given = BufferOutputStream()
        csv.write_csv(inputs["table"], given)
        table = self._as_table(self._run(code, given.getvalue().to_pybytes()))
        context.measure("rows", float(table.num_rows), "rows")
        return {"table": table}

    def _run(self, code: bytes, given: bytes) -> bytes:
        """What the script writes; the very content that was trusted is what is run."""
        shell = shutil.which("sh")
        if shell is None:
            raise BadInput("this machine has no `sh`, which scripts are run by")
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            script = Path(folder) / "script"
            script.write_bytes(code)
            place = Path(folder) / "work"
            place.mkdir()
            kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
            pipe = subprocess.PIPE
            with subprocess.Popen(
                [shell, str(script)], stdin=pipe, stdout=pipe, stderr=pipe, cwd=place, env=kept, start_new_session=True
            ) as process:
                try:
                    said, complaint = process.communicate(given, timeout=self.limit_s)
                except subprocess.TimeoutExpired:
                    raise BadInput(f"{self.file} was ended after {self.limit_s:g} s; raise `limit_s`") from None
                finally:
                    _end(process)
        if process.returncode:
            last = complaint.decode(errors="replace").strip()[-LAST_WORDS:]
            raise BadInput(f"{self.file} ended with code {process.returncode}" + (f": {last}" if last else ""))
        return said

    def _as_table(self, said: bytes) -> Any:
        from pyarrow import ArrowInvalid, BufferReader, csv

        if not said.strip():
            raise BadInput(f"{self.file} wrote nothing; a table is expected as CSV, with the names of its columns")
        try:
            return csv.read_csv(BufferReader(said), convert_options=csv.ConvertOptions(strings_can_be_null=True))
        except ArrowInvalid as error:
            raise BadInput(f"what {self.file} wrote is no table: {error}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the script with all that it started and left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
