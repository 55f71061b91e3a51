"""A stage of a real run, or all of it, can be given up while it goes on, also from another process."""

import threading
import time

from samples import SMALL

from workbench.cli import main
from workbench.engines.control import Control
from workbench.runs.events import OperationStarted, Recorded, RunFinished, Warned, WorkerFailed
from workbench.runs.folder import RunReader
from workbench.runs.orders import Orders, order
from workbench.runs.state import fold

LONG = (
    SMALL.replace("epochs: 3", "epochs: 100000")
    .replace(
        "    - {id: evaluate, use: evaluate}\n",
        "    - {id: evaluate, use: evaluate}\n    - {id: beside, use: estimator}\n",
    )
    .replace("  links:\n", "  links:\n    - prepare.dataset -> beside.dataset\n")
)


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def said(events, kind):
    return [event.stage for event in of_kind(events, Recorded) if event.kind == kind]


def when_it_trains(folder, then):
    """Calls `then` on a thread, once a run in a folder below `folder` trains; the thread."""

    def watch():
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for run in folder.glob("**/real-*") if (folder / "out").exists() else folder.glob("*-real-*"):
                told = RunReader(run).read_new() if (run / "events.jsonl").exists() else []
                if any(e.stage == "train" and "gradient" in e.label for e in of_kind(told, OperationStarted)):
                    then(run)
                    return
            time.sleep(0.05)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_cancelled_stage_ends_at_once_what_needs_it_is_left_out_and_all_else_is_done(runner):
    control = Control()
    when_it_trains(runner.folder, lambda run: control.put({"command": "cancel", "stage": "train"}))
    events = runner("real", "ring", LONG, control=control)
    assert runner.outcome == "finished"
    assert said(events, "cancelled") == ["train"] and said(events, "skipped") == ["train", "evaluate"]
    assert sorted(said(events, "done")) == ["beside", "digits", "prepare"]
    ended = {(e.worker, e.cause) for e in of_kind(events, WorkerFailed)}
    assert ended <= {("w0", "cancelled"), ("w1", "cancelled")}
    assert RunReader(runner.last).commands()[0]["stage"] == "train"
    state = fold(events)
    assert (state.stages["train"].status, state.failures) == ("cancelled", [])
    assert not state.tasks.unfounded and not state.tasks.twice


def test_a_stage_that_waits_is_cancelled_before_it_begins(runner):
    control = Control()
    control.put({"command": "cancel", "stage": "evaluate"})
    events = runner("real", "ring", SMALL, control=control)
    assert runner.outcome == "finished"
    assert said(events, "cancelled") == ["evaluate"] and "evaluate" not in said(events, "done")
    assert not [e for e in of_kind(events, OperationStarted) if e.stage == "evaluate"]


def test_an_unknown_stage_is_no_stage_to_cancel_and_without_one_all_is_cancelled(runner):
    control = Control()
    control.put({"command": "cancel", "stage": "nothing"})
    when_it_trains(runner.folder, lambda run: control.put({"command": "cancel"}))
    events = runner("real", "ring", LONG, control=control)
    assert runner.outcome == "stopped"
    assert [e.text for e in of_kind(events, Warned) if e.code == "command-refused"] == [
        "this run cannot obey 'cancel': nothing"
    ]
    assert of_kind(events, RunFinished)[0].reason == "cancelled by command"


def test_the_command_line_cancels_a_stage_of_a_run_that_another_process_carries_out(tmp_path, capsys):
    (tmp_path / "long.yaml").write_text(LONG)
    out = tmp_path / "out"
    codes = []

    def cancel(run):
        codes.append(main(["cancel", str(out), "--stage", "no"]))
        codes.append(main(["cancel", str(out), "--stage", "train"]))

    out.mkdir()
    thread = when_it_trains(tmp_path, cancel)
    main(["run", str(tmp_path / "long.yaml"), "--real", "-c", "ring", "--out", str(out), "--json"])
    thread.join()
    assert codes == [64, 0]
    assert said(RunReader(out / "real-ring").read_new(), "cancelled") == ["train"]
    assert main(["cancel", str(out)]) == 64
    assert "no real run that goes on" in capsys.readouterr().err


def test_a_simulated_run_says_that_its_stages_cannot_be_cancelled_and_is_cancelled_whole(runner):
    control = Control()
    control.put({"command": "cancel", "stage": "train"})
    control.put({"command": "cancel"})
    events = runner("simulated", "ring", SMALL, control=control)
    assert runner.outcome == "stopped"
    assert "only be cancelled in a real run" in of_kind(events, Warned)[0].text


def test_orders_are_read_once_whole_lines_only_and_none_from_before(tmp_path):
    order(tmp_path, {"command": "cancel"})
    orders = Orders(tmp_path)
    assert orders.read_new() == []
    order(tmp_path, {"command": "cancel", "stage": "train"})
    with open(tmp_path / "orders.jsonl", "ab") as file:
        file.write(b'no command\n{"command": "ca')
    assert orders.read_new() == [{"command": "cancel", "stage": "train"}]
    with open(tmp_path / "orders.jsonl", "ab") as file:
        file.write(b'ncel"}\n')
    assert orders.read_new() == [{"command": "cancel"}] and orders.read_new() == []
