"""Knobs: every parameter of every architecture, other values for it, and what a small simulated run makes of them.

Nothing here is a list of parameters: fields, types and limits are read from the models.
"""

import hashlib
import itertools
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import TypeAdapter, ValidationError

from workbench.architectures.idle import setting_of
from workbench.architectures.job import build
from workbench.architectures.registry import ORCHESTRATIONS, TRAININGS
from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.simulated.run import SimulatedRun
from workbench.runs.events import RunFinished, RunStarted, Warned

PIPELINE = """format: 1
pipeline:
  stages:
    - {id: blobs, use: synthetic, with: {rows: 640, features: 32, classes: 4}}
    - {id: prepare, use: prepare, with: {held_out: 0.2}}
    - {id: train, use: train, with: {hidden: [32, 32, 32, 32, 32, 32, 32], epochs: 2, batch_size: 64}}
    - {id: evaluate, use: evaluate}
  links:
    - blobs.table -> prepare.table
    - prepare.dataset -> train.dataset
    - train.model -> evaluate.model
    - prepare.dataset -> evaluate.dataset
cluster:
  workers:
    - {id: w, count: 4, variation: 0.2}
"""
UNTRAINED = """format: 1
pipeline:
  stages:
    - {id: blobs, use: synthetic, with: {rows: 640, features: 32, classes: 4}}
    - {id: prepare, use: prepare}
  links:
    - blobs.table -> prepare.table
cluster:
  workers:
    - {id: w, count: 4}
"""
ITEMS = """format: 1
pipeline:
  stages:
    - {id: blobs, use: synthetic, with: {rows: 640, features: 32, classes: 4}}
    - {id: prepare, use: prepare}
    - {id: reduce, use: pca, with: {components: 4}}
  links:
    - blobs.table -> prepare.table
    - prepare.dataset -> reduce.dataset
  groups:
    - {id: parts, stages: [prepare], foreach: blobs.table, partition: 32}
cluster:
  workers:
    - {id: w, count: 4, variation: 0.5}
"""
SITUATIONS = {
    "nothing breaks": PIPELINE,
    "a worker dies in training": PIPELINE + "faults: [{kind: crash, worker: w1, at_step: 9, lasts: 5 ms}]\n",
    "the leader dies in training": PIPELINE + "faults: [{kind: leader-crash, at_step: 5}]\n",
    "nothing is trained": UNTRAINED,
    "items are worked on": ITEMS,
    "two cross over": PIPELINE + "workload: {instances: 2, arrivals: regular, rate: 200}\n",
}
KNOWN = {"orchestration": ORCHESTRATIONS, "training": TRAININGS}
KNOBS = [
    (side, name, knob) for side, known in KNOWN.items() for name, model in known.items() for knob in model.model_fields
]


class Kept(list):
    """A writer that keeps the events of a run."""

    write = list.append

    def flush(self):
        pass

    def command(self, at_s, command):
        pass


@cache
def scenario(situation, side, name, written):
    """The scenario of a situation in which one architecture has these parameters, as JSON."""
    found = read(SITUATIONS[situation]).scenario
    [combination] = found.architectures
    choice = {"use": name, "with": msgspec.json.decode(written)}
    changed = type(combination).model_validate({"id": "one", side: choice})
    return found.model_copy(update={"architectures": (changed,)})


def as_key(parameters):
    return msgspec.json.encode(parameters, order="sorted").decode()


@cache
def _story(situation, side, name, written, folder):
    question = scenario(situation, side, name, written)
    events = Kept()
    outcome = SimulatedRun(question, question.architectures[0], folder, events, Control()).carry_out()
    told = [event for event in events if not isinstance(event, RunStarted | Warned | RunFinished)]
    return outcome, hashlib.blake2b(msgspec.json.encode(told)).hexdigest()


def story(situation, side, name, parameters, folder):
    """(outcome, digest of all that happened) of a small simulated run with these parameters."""
    return _story(situation, side, name, as_key(parameters), folder)


def idle(situation, side, name, parameters):
    """Knob -> reason, for those of which the architecture says that they change nothing in this situation."""
    question = scenario(situation, side, name, as_key(parameters))
    job = build(question, question.architectures[0])
    return getattr(job, side).idle(setting_of(question, "one", job.plan, job.followers))


def is_valid(side, name, parameters):
    try:
        model = KNOWN[side][name].model_validate(parameters)
    except ValidationError:
        return False
    return side == "orchestration" or model.needed <= 4


def values_of(model, knob):
    """Values that a knob can have, by its type and limits, its default first."""
    field = model.model_fields[knob]
    limited = TypeAdapter(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)
    found = [field.get_default(call_default_factory=True)]
    for value in _of_type(field.annotation):
        try:
            limited.validate_python(value)
        except ValidationError:
            continue
        if value not in found:
            found.append(value)
    return found


def _of_type(kind: Any) -> list[Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _of_type(arguments[0])
    if origin is Literal:
        return list(arguments)
    if origin in (Union, UnionType):
        return [value for one in arguments for value in _of_type(one)]
    if origin in (tuple, list):
        few = _of_type(arguments[0])[:3]
        return [list(some) for count in (1, 2, 3, 4) for some in itertools.product(few, repeat=count)]
    if kind is NoneType:
        return [None]
    if kind is bool:
        return [False, True]
    if kind is int:
        return [1, 2, 3, 4, 5, 8, 0, 16, 64]
    if kind is float:
        return [0.5, 0.25, 2.0, 0.001, 0.02, 0.0001, 0.0, 1.0, 10.0, 1000.0]
    raise AssertionError(f"no values are known of type {kind}: teach `_of_type`")


def bases(side, name, knob):
    """Parameters beside a knob: all defaults, then one other changed, then two, so that a knob can be turned at all."""
    model = KNOWN[side][name]
    turned = [
        [(other, value) for value in values_of(model, other)[1:6]] for other in model.model_fields if other != knob
    ]
    others = [one for some in itertools.zip_longest(*turned) for one in some if one is not None]
    yield {}
    for other, value in others:
        yield {other: value}
    for (one, value), (other, second) in itertools.combinations(others, 2):
        if one != other:
            yield {one: value, other: second}


def turns(side, name, knob):
    """(parameters beside it, its possible values) wherever a knob has at least two valid values."""
    model = KNOWN[side][name]
    for base in bases(side, name, knob):
        values = [value for value in values_of(model, knob) if is_valid(side, name, base | {knob: value})]
        if len(values) > 1:
            yield base, values
