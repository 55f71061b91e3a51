"""Virtual-time training: gradients a second of CPU, for teams of 8 and 64, events written to a run folder included.

Libraries are imported before: they take longer than the first run, and a window or a study does so once.
"""

import tempfile
import time
from pathlib import Path

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.simulated.run import carry_out
from workbench.runs.events import Measured, OperationFinished
from workbench.runs.folder import RunWriter, read_run

TEXT = """
format: 1
name: Learning
pipeline:
  stages:
    - {id: digits, use: sample, with: {name: digits}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [64, 64], epochs: EPOCHS, batch_size: BATCH, learning_rate: 0.003}}
  links:
    - digits.table -> prepare.table
    - prepare.dataset -> train.dataset
cluster:
  workers:
    - {id: w, count: COUNT}
architectures:
  - {id: ring, training: {use: ring-all-reduce}}
  - {id: servers, training: {use: parameter-server}}
  - {id: asynchronous, training: {use: parameter-server, with: {mode: asynchronous}}}
run: {seed: 1, learn: true}
"""


def learnt(scenario, combination, room):
    """(CPU seconds, gradients, last accuracy) of one run."""
    path = Path(room) / combination.id
    began = time.process_time()
    with RunWriter(path) as writer:
        carry_out(scenario, combination, Path(room), writer, Control())
    took_s = time.process_time() - began
    events = read_run(path)
    gradients = [e for e in events if isinstance(e, OperationFinished) and e.label == "perform train.gradient"]
    accuracy = [e.value for e in events if isinstance(e, Measured) and e.name == "accuracy"][-1]
    return took_s, len(gradients), accuracy


def scenario_of(count, batch, epochs):
    return read(TEXT.replace("COUNT", str(count)).replace("BATCH", str(batch)).replace("EPOCHS", str(epochs))).scenario


def main():
    with tempfile.TemporaryDirectory() as room:
        warm = scenario_of(2, 1024, 1)
        learnt(warm, warm.architectures[0], room)
    for count, batch, epochs in ((8, 128, 30), (64, 1024, 60)):
        scenario = scenario_of(count, batch, epochs)
        with tempfile.TemporaryDirectory() as room:
            for combination in scenario.architectures:
                took_s, gradients, accuracy = learnt(scenario, combination, room)
                rate = gradients / took_s
                who = f"{combination.id:>14} of {count:2}"
                print(f"{who}: {rate:7.0f} gradients/s ({took_s:.2f} s), accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
