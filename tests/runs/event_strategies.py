"""Hypothesis strategies for events: any of the closed set, and stories whose members are consistent."""

from hypothesis import strategies as st

from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    Measured,
    MessageSent,
    OperationFinished,
    OperationStarted,
    Recorded,
    RunFinished,
    RunStarted,
    StepsFinished,
    Warned,
    WorkerFailed,
    WorkerJoined,
    WorkMeasured,
)

NAMES = st.sampled_from(["leader", "w0", "w1", "w2"])
STAGES = st.sampled_from(["load", "train"])
ITEMS = st.sampled_from(["", "0", "1"])
TIMES = st.floats(0, 1e6, allow_nan=False)
LABELS = st.sampled_from(["perform load.run", "perform train.open", "perform train.gradient", "perform train.apply"])
EXCHANGES = st.sampled_from(["all-reduce over w0 w1", "receive do from leader", "send done to leader"])
TEXT = st.text(max_size=20)


def stage_of(label: str) -> str:
    return label.removeprefix("perform ").partition(".")[0]


@st.composite
def operations(draw, kind):
    if draw(st.booleans()):
        return kind(t_s=draw(TIMES), who=draw(NAMES), label=draw(EXCHANGES))
    label = draw(LABELS)
    return kind(t_s=draw(TIMES), who=draw(NAMES), label=label, stage=stage_of(label), item=draw(ITEMS))


@st.composite
def steps(draw):
    first = draw(st.integers(0, 50))
    last = first + draw(st.integers(0, 5))
    samples = draw(st.integers(0, 1000))
    return StepsFinished(
        t_s=draw(TIMES),
        who=draw(NAMES),
        first=first,
        last=last,
        samples=samples,
        of=60,
        stage="train",
        item=draw(ITEMS),
    )


@st.composite
def records(draw):
    kind = draw(st.sampled_from(["submitted", "done", "failed", "elected", "saved"]))
    stage, item = draw(STAGES), draw(ITEMS)
    key = f"{stage}#{item}" if item else stage
    return Recorded(t_s=draw(TIMES), kind=kind, key=item if kind == "submitted" else key, stage=stage)


EVENTS = st.one_of(
    operations(OperationStarted),
    operations(OperationFinished),
    steps(),
    records(),
    st.builds(
        RunStarted,
        t_s=TIMES,
        engine=st.sampled_from(["simulated", "real"]),
        combination=TEXT,
        seed=st.integers(0, 2**40),
        members=st.lists(NAMES, unique=True).map(tuple),
        stages=st.just(("load", "train")),
        label=TEXT,
    ),
    st.builds(RunFinished, t_s=TIMES, outcome=st.sampled_from(["finished", "stopped", "failed"]), reason=TEXT),
    st.builds(MessageSent, t_s=TIMES, who=NAMES, to=NAMES, tag=TEXT, size_bytes=st.integers(0, 2**50)),
    st.builds(WorkerFailed, t_s=TIMES, worker=NAMES, cause=st.sampled_from(["crash", "silent"])),
    st.builds(WorkerJoined, t_s=TIMES, worker=NAMES),
    st.builds(FaultBegan, t_s=TIMES, kind=st.sampled_from(["crash", "freeze"]), worker=NAMES),
    st.builds(FaultEnded, t_s=TIMES, kind=st.sampled_from(["crash", "freeze"]), worker=NAMES),
    st.builds(
        Measured,
        t_s=TIMES,
        name=st.sampled_from(["loss", "accuracy"]),
        value=st.floats(allow_nan=False, allow_infinity=False),
        unit=TEXT,
        step=st.integers(-1, 100),
    ),
    st.builds(
        WorkMeasured,
        t_s=TIMES,
        who=NAMES,
        stage=STAGES,
        item=ITEMS,
        rows_in=st.integers(0, 2**40),
        memory_bytes=st.integers(0, 2**50),
    ),
    st.builds(Warned, t_s=TIMES, code=TEXT, text=TEXT),
)


def consistent(events):
    """The same story, in which each member finishes the operation that it is in before it starts another."""
    inside, story = {}, []
    for event in events:
        match event:
            case OperationStarted() | OperationFinished():
                begun = inside.pop(event.who, None)
                if begun is None:
                    inside[event.who] = event
                    kind, told = OperationStarted, event
                else:
                    kind, told = OperationFinished, begun
                event = kind(t_s=event.t_s, who=event.who, label=told.label, stage=told.stage, item=told.item)
            case WorkerFailed():
                inside.pop(event.worker, None)
            case RunFinished():
                inside.clear()
        story.append(event)
    return story


STORIES = st.lists(EVENTS, max_size=60).map(lambda events: consistent(sorted(events, key=lambda event: event.t_s)))
