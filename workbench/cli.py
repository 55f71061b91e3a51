"""The commands; the only place with exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import __version__

if TYPE_CHECKING:
    from workbench.document.problems import Problem
    from workbench.document.text import Document

HELD, MISSED, UNKNOWN, WRONG, CANNOT, OURS, INTERRUPTED = 0, 1, 2, 64, 69, 70, 130

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Scenario = Annotated[Path, typer.Argument(help="scenario file")]
AsJson = Annotated[bool, typer.Option("--json", help="machine-readable output")]


class Refused(Exception):
    """A document that cannot be run, with all that is wrong with it."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]):
        super().__init__(path, problems)
        self.path, self.problems = path, problems


def main(arguments: list[str]) -> int:
    """Carry out one command; its exit code."""
    try:
        return app(args=arguments, prog_name="workbench", standalone_mode=False) or 0
    except BaseException as error:  # noqa: BLE001 - the one place that maps errors to exit codes
        return exit_code(error)


def exit_code(error: BaseException) -> int:
    """What an error means to whoever called, told on standard error."""
    from workbench.engines.errors import CannotRun

    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else OURS
        case typer.Exit():
            return error.exit_code
        case KeyboardInterrupt() | typer.Abort():
            return INTERRUPTED
        case Refused():
            for problem in error.problems:
                sys.stderr.write(f"{error.path}: {problem.told()}\n")
            return WRONG
        case CannotRun():
            sys.stderr.write(f"this machine cannot: {error}\n")
            return CANNOT
        case OSError() if error.filename is not None:
            sys.stderr.write(f"{error.filename}: {error.strerror}\n")
            return WRONG
        case typer.BadParameter():
            sys.stderr.write(f"{error.format_message()}\n")
            return WRONG
    if hasattr(error, "format_message"):  # every other complaint about the command line
        sys.stderr.write(f"{error.format_message()}\n")
        return WRONG
    traceback.print_exception(error)
    return OURS


def _read(path: Path) -> Document:
    """The checked document of a file. Refused with all its problems, FileNotFoundError."""
    from workbench.architectures.check import check_all

    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8 text") from None
    document = check_all(text, path.parent)
    if any(problem.refuses for problem in document.problems):
        raise Refused(path, document.problems)
    return document


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="print the version")] = False) -> None:
    """Design a machine-learning pipeline once, run it for real and simulate it, and see what happens when it breaks."""
    if version:
        print(__version__)
        raise typer.Exit(0)


@app.command()
def run(
    scenario: Annotated[Path | None, typer.Argument(help="scenario file; none with --resume")] = None,
    real: Annotated[bool, typer.Option("--real", help="run it on processes of this machine")] = False,
    simulated: Annotated[bool, typer.Option("--simulated", help="simulate it (the default)")] = False,
    combination: Annotated[
        list[str] | None, typer.Option("--combination", "-c", help="only this one; may repeat")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="study folder; runs/<name>-<time> when left out")] = None,
    html: Annotated[bool, typer.Option("--html", help="write report.html into the study folder")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="how many simulated runs go on at once")] = 1,
    messages: Annotated[
        str | None, typer.Option("--messages", help="tell every message of simulated runs in a window, like 10s..12s")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="real runs do everything anew, and take nothing over from earlier runs")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", help="go on with a real run that was broken off: its folder, or its study's"),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option("--cluster", help="carry real runs out on a Dask cluster: its scheduler, like tcp://host:8786"),
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Run a scenario, for real or simulated, and report."""
    if resume is not None:
        return _resume(resume, scenario, html, as_json)
    if scenario is None:
        raise typer.BadParameter("name a scenario file, or with --resume the folder of a run that was broken off")
    from workbench.studies.compare import Comparison
    from workbench.terminal import carry_out_with_progress, free_folder

    document = _read(scenario)
    _require_known(combination or [], [c.id for c in document.scenario.architectures])
    chosen = [engine for engine, wanted in (("simulated", simulated), ("real", real)) if wanted]
    if messages is not None and real and not simulated:
        raise typer.BadParameter("--messages opens simulated runs; a real run sends its messages unseen")
    if cluster and not real:
        raise typer.BadParameter("--cluster says where real runs are carried out; ask for one with --real")
    study = Comparison(
        text=document.text,
        scenario=document.scenario,
        folder=scenario.parent,
        out=free_folder(out, scenario.stem),
        engines=tuple(chosen or ["simulated"]),
        combinations=tuple(combination or ()),
        workers=workers,
        messages=_window(messages),
        fresh=fresh,
        cluster=cluster,
    )
    return _reported(study.out, carry_out_with_progress(study, quiet=as_json), html, as_json)


def _require_known(combinations: list[str], known: list[str]) -> None:
    for name in combinations:
        if name not in known:
            raise typer.BadParameter(f"there is no architecture '{name}'; known are {', '.join(known)}")


def _window(messages: str | None) -> Any:
    from workbench.engines.window import window_of

    try:
        return window_of(messages) if messages is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _resume(folder: Path, scenario: Path | None, html: bool, as_json: bool) -> int:
    from workbench.studies.resume import broken_off
    from workbench.terminal import resume_with_progress

    if scenario is not None:
        raise typer.BadParameter("a run is resumed with the scenario that lies in its folder; name no other")
    try:
        outcomes = resume_with_progress(broken_off(folder), quiet=as_json)
    except (ValueError, BlockingIOError) as error:
        raise typer.BadParameter(str(error)) from None
    return _reported(folder, outcomes, html, as_json)


def _reported(out: Path, outcomes: list[str], html: bool, as_json: bool) -> int:
    """The report on a study or run folder, and the exit code that follows from it."""
    code = _print_report(out, "json" if as_json else "text")
    if html:
        path = _write_html(out, out / "report.html", "en")
        if not as_json:
            print(f"\nreport: {path.resolve()}")
    return INTERRUPTED if "stopped" in outcomes else code


@app.command()
def check(scenario: Scenario, as_json: AsJson = False) -> int:
    """List all problems of a scenario, each with its place."""
    try:
        problems = _read(scenario).problems
    except Refused as refused:
        if not as_json:
            raise
        problems = refused.problems
    if as_json:
        rows = [
            {"line": p.line, "place": p.place, "code": p.code, "severity": p.severity, "text": p.words()}
            for p in problems
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return WRONG if any(p.refuses for p in problems) else HELD
    for problem in problems:
        print(f"{scenario}: {problem.told()}")
    print(f"{scenario}: can be run")
    return HELD


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="study folder or run folder")],
    form: Annotated[str, typer.Option("--format", help="text, markdown, json or html")] = "text",
    out: Annotated[
        Path | None, typer.Option("--out", help="file for html; report.html in the folder when left out")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="en or ja")] = "en",
) -> int:
    """Report on runs: numbers, and which expectations were missed."""
    from workbench.runs.folder import runs_in

    if not runs_in(folder):
        raise typer.BadParameter(f"{folder} holds no run")
    if form == "html":
        print(_write_html(folder, out or folder / "report.html", language))
        return _code_of(folder)
    if form not in ("text", "markdown", "json"):
        raise typer.BadParameter(f"'{form}' is no format; known are text, markdown, json, html")
    return _print_report(folder, form, language)


@app.command()
def cancel(
    folder: Annotated[Path, typer.Argument(help="folder of a real run that goes on, or of its study")],
    stage: Annotated[str | None, typer.Option("--stage", help="only this stage, and what needs it")] = None,
) -> int:
    """Cancel a real run that goes on, or one stage of it."""
    from workbench.runs.orders import order
    from workbench.terminal import going_on

    try:
        for run in going_on(folder, stage):
            order(run, {"command": "cancel"} | ({"stage": stage} if stage else {}))
            print(f"{run}: {f'stage {stage}' if stage else 'the run'} is being cancelled")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return HELD


EXIT_CODES = {"held": HELD, "missed": MISSED, "unknown": UNKNOWN}


def _print_report(folder: Path, form: str, language: str = "en") -> int:
    from workbench.runs import report as reports
    from workbench.runs.report_json import render_json
    from workbench.runs.report_text import render_markdown, render_text

    built = reports.build(folder)
    match form:
        case "json":
            print(render_json(built))
        case "markdown":
            print(render_markdown(built, language))
        case _:
            print(render_text(built, language))
    return EXIT_CODES[built.outcome]


def _write_html(folder: Path, path: Path, language: str) -> Path:
    from workbench.runs import report as reports
    from workbench.runs.report_html import render_html

    path.write_text(render_html(reports.build(folder), language), encoding="utf-8")
    return path


def _code_of(folder: Path) -> int:
    from workbench.runs import report as reports

    return EXIT_CODES[reports.build(folder).outcome]


@app.command()
def score(
    case: Annotated[list[str] | None, typer.Argument(help="ids of cases; all when left out")] = None,
    as_json: AsJson = False,
) -> int:
    """Score the simulator against published measurements; exit code 1 where a target is missed."""
    from workbench import terminal

    found = terminal.score(case or [], as_json)
    return HELD if all(result.passed for result in found) else MISSED


@app.command("list")
def list_(
    what: Annotated[
        str, typer.Argument(help="stages, architectures, packages, accelerators, models, metrics or scenarios")
    ] = "stages",
    as_json: AsJson = False,
) -> int:
    """List what a scenario may use."""
    from workbench import terminal

    if what not in terminal.LISTS:
        raise typer.BadParameter(f"'{what}' cannot be listed; known are {', '.join(terminal.LISTS)}")
    rows: list[dict[str, Any]] = terminal.LISTS[what]()
    print(json.dumps(rows, indent=2, ensure_ascii=False) if as_json else terminal.as_table(rows) or f"no {what}")
    return HELD


@app.command()
def schema() -> int:
    """Print the JSON Schema of scenario files, for editors."""
    from workbench.document.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return HELD


@app.command()
def trust(file: Annotated[Path, typer.Argument(help="Python file or script that a scenario of yours calls")]) -> int:
    """Let a Python file or a script run in your pipelines, until its content changes."""
    from workbench.stages import trust as trusted

    digest = trusted.digest_of(file.read_bytes())
    trusted.trust(digest, str(file))
    print(f"{file} is trusted as {digest[:12]}…")
    return HELD


@app.command()
def serve(
    model: Annotated[Path, typer.Argument(help="file that the stage `save` wrote")],
    port: Annotated[int, typer.Option(help="on 127.0.0.1")] = 8080,
) -> int:
    """Answer for a saved model over HTTP, to this machine only, until Ctrl-C."""
    from workbench.stages.base import BadInput
    from workbench.stages.endpoint import Endpoint
    from workbench.stages.open_model import OpenModel

    try:
        opened = Endpoint(OpenModel(file=str(model.absolute())).read(Path.cwd()), port)
    except BadInput as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        print(f"port {port} cannot be opened: {error.strerror}", file=sys.stderr)
        return CANNOT
    with opened:
        print(f"{opened.url}/predict; also /health and /metrics. Ctrl-C ends it.", flush=True)
        opened.thread.join()
    return HELD


@app.command()
def gui(scenario: Annotated[Path | None, typer.Argument(help="scenario file to open")] = None) -> int:
    """Open the window."""
    return subprocess.call([sys.executable, "-m", "workbench.gui", *([str(scenario)] if scenario else [])])


@app.command(hidden=True)
def engine() -> int:
    """Serve a window: requests as lines of JSON on standard input, answers on standard output."""
    from workbench.studies import service
    from workbench.terminal import warm_up_real_engine

    service.serve(sys.stdin, service.answer_on_stdout, _code_of, warm_up_real_engine)
    return HELD
