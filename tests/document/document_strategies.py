"""Random scenarios, and the many ways in which one scenario can be written."""

import io

from hypothesis import assume, reject
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from workbench.document.scenario import (
    Accelerator,
    Choice,
    Cluster,
    Combination,
    Fault,
    Group,
    Link,
    Network,
    Pipeline,
    Position,
    RunSettings,
    Scenario,
    StageUse,
    WorkerPool,
    Workload,
)
from workbench.document.written import Section, written


def several(strategy, most=4, unique_by=None):
    return st.lists(strategy, max_size=most, unique_by=unique_by).map(tuple)


def by_id(item):
    return item.id


names = st.sampled_from(["a", "b", "c", "train", "no", "Null", "x-1", "seconds_of", "y", "e1"])
ports = st.sampled_from(["table", "model"])
whole = st.integers(min_value=1, max_value=50)
quantities = st.one_of(
    st.sampled_from([0.0, 1.0, 50e-6, 1.25e9, 8e9, 2.0**34, 1 / 60]), st.floats(min_value=0, max_value=1e15)
)
positive = quantities.filter(lambda value: value > 0)
coordinates = st.one_of(st.integers(-2000, 2000), st.floats(-1e4, 1e4))
positions = st.builds(Position, x=coordinates, y=coordinates)
links = st.builds(lambda a, b, c, d: Link(source=f"{a}.{b}", target=f"{c}.{d}"), names, ports, names, ports)
accelerators = st.one_of(
    st.sampled_from(["cpu-core", "h100", "5"]),
    st.builds(Accelerator, operations_per_s=positive, memory=positive, memory_bytes_per_s=positive),
)
pools = st.builds(
    WorkerPool,
    id=names,
    count=whole,
    accelerator=accelerators,
    memory=quantities,
    speed=st.floats(min_value=0.1, max_value=10),
)
faults = st.builds(
    Fault,
    kind=st.sampled_from(["crash", "freeze", "leader-crash", "partition"]),
    worker=st.sampled_from(["", "w0", "w1"]),
    at=st.none() | quantities,
    at_step=st.none() | whole,
    only=st.lists(names, max_size=2).map(tuple),
)
runs = st.builds(RunSettings, duration=st.none() | quantities, steps=st.none() | whole, warm_up=quantities, seed=whole)
clusters = st.builds(
    Cluster,
    workers=several(pools, 3),
    network=st.builds(Network, bandwidth=positive, latency=quantities),
)

SPECIMENS = [
    "",
    "no",
    "1",
    "a: b",
    "# x",
    "- a",
    "a\nb\n",
    "a\n\n  b",
    "a\n\n",
    "\na\nb",
    "a\n \nb",
    " a",
    "日本語",
    "'",
    "|",
    "~",
    "2024-01-01",
    "<<",
]
tame_texts = st.one_of(st.sampled_from(SPECIMENS), st.text(alphabet="ab \n#:-'\"\\{}[],é日", max_size=20))
tame_keys = tame_texts.filter(lambda text: "\n" not in text)
any_texts = st.one_of(tame_texts, st.sampled_from(["\tx", "x\r\ny", "\x85", "\ud800", "\ufeff"]), st.text(max_size=12))


def pipelines_of(texts, mappings):
    stages = st.builds(StageUse, id=names, use=texts, with_=mappings, label=texts, when=texts)
    groups = st.builds(Group, id=names, label=texts, stages=st.lists(names, max_size=3).map(tuple))
    return st.builds(
        Pipeline,
        stages=several(stages, unique_by=by_id),
        links=several(links),
        groups=several(groups, 2, by_id),
    )


def scenarios_of(texts, keys):
    parameters = st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False), texts),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
        max_leaves=6,
    )
    mappings = st.dictionaries(st.one_of(names, keys), parameters, max_size=4)
    choices = st.builds(Choice, use=texts, with_=mappings)
    return st.builds(
        Scenario,
        name=texts,
        description=texts,
        pipeline=pipelines_of(texts, mappings),
        cluster=clusters,
        architectures=several(
            st.builds(Combination, id=names, label=texts, orchestration=choices, training=choices), 3
        ),
        workload=st.builds(Workload, instances=whole, rate=st.none() | positive),
        faults=several(faults, 3),
        run=runs,
        expect=several(texts, 3),
        layout=st.dictionaries(names, positions, max_size=4),
    )


scenarios = scenarios_of(any_texts, any_texts)


def _plain(value, full):
    if isinstance(value, Section):
        return {key: _plain(item, full) for key, item in value.items() if full or key in value.brief}
    if isinstance(value, dict):
        return {key: _plain(item, full) for key, item in value.items()}
    return [_plain(item, full) for item in value] if isinstance(value, list) else value


@st.composite
def spellings(draw, of=scenarios_of(tame_texts, tame_keys)):
    """A scenario and one of the texts that say it: other indentation, flow style, defaults, line breaks, a BOM."""
    scenario = draw(of)
    yaml = YAML(typ="rt" if draw(st.booleans()) else "safe", pure=True)
    yaml.allow_unicode = True
    yaml.width = draw(st.sampled_from([40, 4096]))
    yaml.default_flow_style = draw(st.sampled_from([False, False, None, True]))
    dash = draw(st.sampled_from([0, 2]))
    yaml.indent(mapping=draw(st.sampled_from([2, 4])), sequence=dash + 2, offset=dash)
    out = io.StringIO()
    plain = _plain(written(scenario), draw(st.booleans()))
    yaml.dump(plain, out)
    text = out.getvalue()
    # ruamel itself does not read back all that it writes, such as the key ":-" in braces.
    assume("? " not in text)
    try:
        assume(YAML(typ="safe", pure=True).load(text) == plain)
    except YAMLError:
        reject()
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return scenario, draw(st.sampled_from(["", "\ufeff", "# a comment\n"])) + text


KEYS = """
format name pipeline stages links groups id use with cluster workers network bandwidth accelerator memory count
architectures orchestration training faults kind at worker every only run steps seed expect layout x y a
"""
keys = st.sampled_from(KEYS.split())
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=True),
    names,
    st.sampled_from(["a.o -> b.i", "5 s"]),
)
# Mappings of the right keys with the wrong things behind them, and now and then the right ones.
nonsense = st.dictionaries(
    keys,
    st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
        max_leaves=25,
    ),
    max_size=8,
).map(lambda data: {"format": 1} | data)
