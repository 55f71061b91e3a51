"""54 days of 16,384 GPUs with saves and losses: one run, a hundred replications of it, and beside them raw SimPy.

Causes and rates of the losses are those of the score case F1 (Llama 3 405B on 16,384 H100). One step stands for 34
micro-batches. CPU seconds of the process, events written to a run folder included.
"""

import os
import tempfile
import time
from pathlib import Path

import simpy

from workbench.architectures.job import build
from workbench.architectures.random_streams import stream
from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.simulated.run import carry_out
from workbench.engines.simulated.steady.workers import Workers
from workbench.engines.simulated.steady.world import TeamWorld
from workbench.engines.window import Window
from workbench.runs.events import MessageSent
from workbench.runs.folder import RunWriter, read_run
from workbench.runs.state import fold
from workbench.studies.score.interruptions import COUNTS, DAYS_S

REPLICATIONS = int(os.environ.get("REPLICATIONS", "100"))
EVERY, SPARES = 111, 16
LOOKED_AT_S, BEFORE_S, WIDE_S = 30 * 86400.0, 0.45, 0.0001  # within the all-reduce of a step after 30 days
FAULTS = "".join(f"  - {{kind: crash, every: {DAYS_S / count} s, lasts: 3 min}}\n" for count in COUNTS.values())
TEXT = f"""
format: 1
name: 54 days of 16,384 GPUs
pipeline:
  stages:
    - {{id: train, use: language-model, cost_factor: 34, with: {{model: gpt-1.7b, batch_size: 49152, steps: 9000000}}}}
  links: []
cluster:
  workers:
    - {{id: w, count: {16384 + SPARES}, accelerator: h100-sxm5-80gb}}
  network: {{bandwidth: 50 GB/s, latency: 5 us}}
architectures:
  - id: ring
    training: {{use: ring-all-reduce, with: {{workers: 16384, on_loss: restart, checkpoint_every: {EVERY}}}}}
faults:
{FAULTS}run: {{seed: 1, duration: 54 d}}
"""


def simulated(scenario, room, replication):
    """CPU seconds of one run, and its folder."""
    path = room / str(replication)
    began = time.process_time()
    with RunWriter(path, TEXT) as writer:
        carry_out(scenario, scenario.architectures[0], room, writer, Control(), replication)
    return time.process_time() - began, path


def opened(scenario, room, at_s, width_s):
    """CPU seconds that a window of messages adds, and how many it holds."""
    began = time.process_time()
    with RunWriter(room / "opened", TEXT) as writer:
        window = Window(at_s, at_s + width_s)
        carry_out(scenario, scenario.architectures[0], room, writer, Control(), messages=window)
    took_s = time.process_time() - began
    return took_s, sum(isinstance(event, MessageSent) for event in read_run(room / "opened"))


def one_step(scenario, room):
    """CPU seconds in which one step of the whole team is carried out again: when each member enters and leaves it."""
    combination = scenario.architectures[0]
    world = TeamWorld(scenario, room, build(scenario, combination))
    passages = world.passages_of(Workers(world.job.followers, 0.0).team(0.0, world.job.team_size, 1))
    passage = passages.beginning(0)
    began = time.process_time()
    passages.after(passage.next, EVERY)
    return time.process_time() - began


def raw_simpy(step_s, save_s):
    """The same story in SimPy, as its examples tell it: one process trains step by step, another one interrupts it."""
    env, saved = simpy.Environment(), 0

    def training():
        nonlocal saved
        done = 0
        while True:
            try:
                yield env.timeout(step_s)
                done += 1
                if done % EVERY == 0:
                    yield env.timeout(save_s)
                    saved = done
            except simpy.Interrupt:
                done = saved

    def losses(process):
        draws = stream(1, "bench losses")
        while True:
            yield env.timeout(float(draws.exponential(DAYS_S / sum(COUNTS.values()))))
            process.interrupt()

    began = time.process_time()
    env.process(losses(env.process(training())))
    env.run(DAYS_S)
    return time.process_time() - began, saved


def main():
    scenario = read(TEXT).scenario
    with tempfile.TemporaryDirectory() as folder:
        took = [simulated(scenario, Path(folder), replication) for replication in range(REPLICATIONS)]
        state = fold(read_run(took[0][1]))
        saves, losses, steps = state.saves, len(state.failures), state.steps_done
        whole_s = sum(seconds for seconds, _ in took)
        told = [at_s for at_s, _ in state.step_times if at_s > LOOKED_AT_S]
        step_s = one_step(scenario, Path(folder))
        zoom_s, messages = opened(scenario, Path(folder), told[0] - BEFORE_S, WIDE_S)
    print(f"54 days of 16,384 GPUs: {took[0][0]:.2f} s CPU; {steps} steps, {saves.count} saves, {losses} losses")
    print(f"{REPLICATIONS} replications: {whole_s:.1f} s CPU, {whole_s / REPLICATIONS:.2f} s each")
    print(f"one of its steps, for every member: {1000 * step_s:.1f} ms")
    print(f"the same with {messages} messages of a tenth of a millisecond after 30 days: {zoom_s:.2f} s")
    raw_s, saved = raw_simpy(DAYS_S / steps, saves.mean_s)
    print(f"raw SimPy, one process that knows its step's time: {raw_s:.2f} s, {saved} steps saved")


if __name__ == "__main__":
    main()
