"""The operations of the quickstart's training, real beside simulated: medians in microseconds.

Its real gradients are where the `call_s` of `cpu-core` comes from: inside a run, caches are colder than in a loop.
"""

import statistics
import tempfile
from pathlib import Path

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.events import OperationFinished, OperationStarted
from workbench.runs.folder import read_run
from workbench.studies.compare import Comparison, carry_out

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"


def durations_us(run):
    """(who, operation) -> median duration, of operations that happened a hundred times or more."""
    began, found = {}, {}
    for event in read_run(run):
        if isinstance(event, OperationStarted):
            began[event.who] = event.t_s
        elif isinstance(event, OperationFinished) and event.who in began:
            found.setdefault((event.who, event.label), []).append(event.t_s - began.pop(event.who))
    return {key: statistics.median(values) * 1e6 for key, values in found.items() if len(values) >= 100}


def main():
    text = QUICKSTART.read_text()
    scenario = read(text).scenario
    with tempfile.TemporaryDirectory() as room:
        carry_out(Comparison(text=text, scenario=scenario, folder=QUICKSTART.parent, out=Path(room)), Control())
        for combination in scenario.architectures:
            simulated = durations_us(Path(room) / f"simulated-{combination.id}")
            real = durations_us(Path(room) / f"real-{combination.id}")
            print(f"{combination.id:>42} {'simulated':>12} {'real':>12}")
            for who, label in sorted(simulated.keys() & real.keys()):
                print(f"{who + ' ' + label:>42} {simulated[who, label]:>9.0f} us {real[who, label]:>9.0f} us")


if __name__ == "__main__":
    main()
