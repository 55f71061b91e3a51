"""What earlier runs led to: whether a result of theirs stands for a piece of work, and if not, what has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.architectures.items import parted
from workbench.architectures.job import is_training
from workbench.architectures.operations import Finding, Known
from workbench.document.expectations import parse
from workbench.document.flow import metrics_asked
from workbench.document.metrics import measured_by
from workbench.document.scenario import Combination, Scenario
from workbench.engines.real.results import Results
from workbench.runs.events import Measured, Recorded
from workbench.stages import trust
from workbench.stages.check import build
from workbench.stages.fingerprint import Parts, changes, key_of, parts_of

OF_RESULTS = ("accuracy", "loss")  # what is as true of an earlier result as of a new one
Measures = dict[str, tuple[float, str]]


def is_measured(scenario: Scenario, combination: Combination) -> bool:
    """Whether a run is to show how its work goes, so that all of it has to be done.

    Something is to break in it, or more is expected of it than results.
    """
    if any(not fault.only or combination.id in fault.only for fault in scenario.faults):
        return True
    names = [name for text in scenario.expect for name in parse(text).names]
    stages = [stage.id for stage in scenario.pipeline.stages]
    asked = {name.metric for name in names if name.combination == combination.id and name.engine != "simulated"}
    return any(metric not in OF_RESULTS and measured_by(metric, stages) is None for metric in asked)


def kept(stage: str, of: str, outputs: dict[str, Any]) -> tuple[Recorded, ...]:
    """That the values of a stage lie in the run folder, each by its content hash."""
    named = f"#{of}" if of else ""
    digests = {port: digest for port, digest in outputs.items() if isinstance(digest, str)}
    return tuple(
        Recorded(kind="kept", key=f"{stage}.{port}{named}", stage=stage, value=digest)
        for port, digest in digests.items()
    )


class Earlier:
    """The results of earlier runs as one run sees them; `fresh` if it is to do everything anew.

    Runs of one study take nothing from each other: they are compared.
    """

    def __init__(self, scenario: Scenario, combination: Combination, folder: Path, run: Path, fresh: bool = False):
        self.scenario, self.combination, self.folder, self.run = scenario, combination, folder, run
        self.why_all = "fresh" if fresh else "measured" if is_measured(scenario, combination) else ""
        self.study = str(run.absolute().parent)
        self.results = Results(trust.home() / "results")
        self.asked = metrics_asked(scenario.pipeline, scenario.workload)
        self.feeds = {link.target: link.source_stage for link in scenario.pipeline.links}

    def ask(self, asked: Known) -> Finding:
        """The result of equal work in an earlier run, or why the work is to be done."""
        if self.why_all:
            return Finding(None, self.why_all)
        parts = self._parts(asked.stage, asked.inputs, asked.of)
        if parts is None:
            return Finding(None, "effects")
        key = key_of(parts)
        entry = self.results.find(key)
        if entry is not None and entry["study"] != self.study and self.results.take(key, entry, self.run):
            told = entry["measured"]
            facts = tuple(Measured(name=n, value=v, unit=unit, stage=asked.stage) for n, (v, unit) in told.items())
            where = kept(asked.stage, asked.of, entry["outputs"]) if parted(asked.of)[1] is None else ()
            return Finding(entry["outputs"], "unchanged", (*facts, *where))
        return Finding(None, self._why(asked.stage, parts))

    def basis(self, stage: str, inputs: dict[str, Any], of: str) -> Parts | None:
        """What a new result rests on; None if none is to be kept. What was trained while something broke says nothing
        about a training that nothing disturbed."""
        if self.why_all == "measured" and is_training(self._use(stage).use):
            return None
        return self._parts(stage, inputs, of)

    def keep(self, stage: str, basis: Parts, outputs: dict[str, Any], measured: Measures) -> None:
        """Keep a new result for later runs."""
        entry = {"outputs": outputs, "measured": measured, "study": self.study}
        self.results.keep(key_of(basis), entry, self.run)
        self.results.note(self._place(stage), basis)

    def _use(self, stage: str) -> Any:
        use = self.scenario.pipeline.stage(stage)
        assert use is not None
        return use

    def _place(self, stage: str) -> str:
        return f"{self.folder.absolute()}\n{self.scenario.name}\n{stage}"

    def _parts(self, stage: str, inputs: dict[str, Any], of: str) -> Parts | None:
        use = self._use(stage)
        more: dict[str, Any] = {"seed": self.scenario.run.seed}
        if is_training(use.use):
            training = self.combination.training
            more["training"] = [training.use, training.with_, self.scenario.run.steps, len(self.scenario.cluster.names)]
        over = [group for group in self.scenario.pipeline.groups if group.foreach.partition(".")[0] == stage]
        if over:
            more["items"] = [[group.id, group.foreach, group.partition] for group in over]
        if self.asked.get(stage):
            more["asked"] = self.asked[stage]
        instance, bracket, item = of.partition("[")
        if build(use).differs():
            more["instance"] = instance
        if bracket:
            group = next((group for group in self.scenario.pipeline.groups if stage in group.stages), None)
            more["item"] = [item, group.foreach if group else "", group.partition if group else None]
        return parts_of(use, self.folder, inputs, more)

    def _why(self, stage: str, parts: Parts) -> str:
        """What has changed since the latest result of a stage, as codes that reports put into words."""
        before = self.results.last(self._place(stage))
        if before is None:
            return "first"
        changed = changes(before, parts)
        inputs = {name: self.feeds.get(f"{stage}.{name.removeprefix('input ')}", "") for name in changed}
        codes = [f"input {inputs[name]}" if name.startswith("input ") else name for name in changed]
        return ", ".join(dict.fromkeys(codes)) or "dropped"
