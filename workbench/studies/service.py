"""The service: requests come in as lines of JSON, runs go out as folders. It is what the window keeps running.

End of input means no more requests: what runs is finished.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from workbench.architectures.check import check_all
from workbench.engines.control import Control
from workbench.engines.window import window_of
from workbench.studies.compare import Comparison, carry_out
from workbench.studies.resume import broken_off, resume

Answer = Callable[[dict[str, Any]], None]


def serve(lines: Iterable[str], answer: Answer, judge: Callable[[Path], int], warm_up: Callable[[], None]) -> None:
    """Carry out requests until the input ends; `judge(study folder)` gives the exit code of a finished study."""
    requests: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    control = Control()
    threading.Thread(target=_listen, args=(lines, requests, control, answer), daemon=True).start()
    answer({"ready": True})
    warm_up()
    while (request := requests.get()) is not None:
        control.poll()  # commands that were meant for an earlier run
        try:
            _study(request, control, answer, judge)
        except (OSError, ValueError) as error:
            answer({"problem": str(error)})
            answer({"done": request.get("out", request.get("resume", "")), "exit_code": 64})


def _listen(lines: Iterable[str], requests: SimpleQueue[Any], control: Control, answer: Answer) -> None:
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            answer({"problem": f"not a line of JSON: {line.strip()[:200]}"})
            continue
        if "command" in message:
            control.put(message)
        elif "run" in message or "resume" in message:
            requests.put(message)
        else:
            answer({"problem": f"neither a request nor a command: {line.strip()[:200]}"})
    requests.put(None)


def _study(request: dict[str, Any], control: Control, answer: Answer, judge: Callable[[Path], int]) -> None:
    if "resume" in request:
        folder = Path(request["resume"])
        for run in broken_off(folder):
            resume(run, control, answer)
        answer({"done": str(folder), "exit_code": judge(folder)})
        return
    path = Path(request["run"])
    text = path.read_text(encoding="utf-8-sig")
    folder = Path(request.get("folder") or path.parent)
    document = check_all(text, folder)
    errors = [problem.words() for problem in document.problems if problem.severity != "note"]
    if errors:
        for words in errors:
            answer({"problem": words})
        answer({"done": request["out"], "exit_code": 64})
        return
    study = Comparison(
        text=text,
        scenario=document.scenario,
        folder=folder,
        out=Path(request["out"]),
        engines=tuple(request.get("engines") or ("simulated",)),
        combinations=tuple(request.get("combinations") or ()),
        speed=float(request.get("speed") or 0.0),
        workers=int(request.get("workers") or 1),
        messages=window_of(request["messages"]) if request.get("messages") else None,
        fresh=bool(request.get("fresh")),
        notify=answer,
    )
    carry_out(study, control)
    answer({"done": str(study.out), "exit_code": judge(study.out)})


def answer_on_stdout(message: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):  # the window is gone; what runs is finished all the same
        sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
        sys.stdout.flush()
