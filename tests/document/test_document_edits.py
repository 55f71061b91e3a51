"""Edits: what each does, and that undo brings every byte back."""

import pytest
from document_strategies import positions, spellings, tame_texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.document import edits
from workbench.document.edits import History
from workbench.document.problems import Refused
from workbench.document.scenario import Cluster, Fault, Link, Position, Scenario, StageUse, WorkerPool
from workbench.document.text import new, read, rewrite

AT = Position(x=10, y=20)


def three() -> Scenario:
    """a -> b -> c, with a group around a and b."""
    return Scenario.model_validate(
        {
            "pipeline": {
                "stages": [{"id": id, "use": "x", "with": {"n": 1}} for id in "abc"],
                "links": ["a.o -> b.i", "b.o -> c.i"],
                "groups": [{"id": "g", "stages": ["a", "b"]}],
            },
            "layout": {id: {"x": index * 100, "y": 0} for index, id in enumerate("abc")},
        }
    )


def links(scenario: Scenario) -> list[str]:
    return [str(link.model_dump()) for link in scenario.pipeline.links]


def ids(scenario: Scenario) -> list[str]:
    return [stage.id for stage in scenario.pipeline.stages]


def test_an_added_stage_is_named_after_its_kind_and_stands_where_it_was_put():
    scenario = edits.add_stage(edits.add_stage(Scenario(), "train", AT), "train", AT)
    assert ids(scenario) == ["train", "train_2"]
    assert scenario.layout["train_2"] == AT


def test_a_kind_that_is_no_name_gives_a_name_all_the_same():
    assert ids(edits.add_stage(Scenario(), "my.kind", AT)) == ["my_kind"]


def test_an_id_that_is_taken_is_refused():
    with pytest.raises(Refused, match="there is a 'a' already"):
        edits.add_stage(three(), "x", AT, id="a")


def test_a_removed_stage_takes_its_links_its_position_and_its_place_in_groups_along():
    scenario = edits.remove_stages(three(), ["b"])
    assert ids(scenario) == ["a", "c"]
    assert links(scenario) == []
    assert scenario.pipeline.groups[0].stages == ("a",)
    assert set(scenario.layout) == {"a", "c"}


def test_a_group_without_stages_goes_with_the_last_of_them():
    assert edits.remove_stages(three(), ["a", "b"]).pipeline.groups == ()


def test_a_link_takes_the_place_of_the_one_that_ended_in_the_same_port():
    scenario = edits.connect(three(), Link(source="a.o", target="c.i"))
    assert links(scenario) == ["a.o -> b.i", "a.o -> c.i"]


def test_a_link_to_a_free_port_is_added_and_can_be_taken_out():
    link = Link(source="a.o", target="c.j")
    scenario = edits.connect(three(), link)
    assert links(scenario) == ["a.o -> b.i", "b.o -> c.i", "a.o -> c.j"]
    assert edits.disconnect(scenario, link) == three()


def test_the_cycle_that_a_link_would_close_is_told():
    assert edits.would_cycle(three(), Link(source="c.o", target="a.i")) == ("c", "a", "b", "c")
    assert edits.would_cycle(three(), Link(source="a.o", target="c.i")) == ()


def test_a_parameter_is_set_and_none_takes_it_out():
    scenario = edits.set_parameter(three(), "b", "rate", 0.5)
    assert scenario.pipeline.stages[1].with_ == {"n": 1, "rate": 0.5}
    assert edits.set_parameter(scenario, "b", "rate", None) == three()
    assert three().pipeline.stages[1].with_ == {"n": 1}


def test_a_renamed_stage_keeps_its_links_group_and_position():
    scenario = edits.rename_stage(three(), "b", "middle")
    assert ids(scenario) == ["a", "middle", "c"]
    assert links(scenario) == ["a.o -> middle.i", "middle.o -> c.i"]
    assert scenario.pipeline.groups[0].stages == ("a", "middle")
    assert list(scenario.layout) == ["a", "middle", "c"]
    assert edits.rename_stage(scenario, "middle", "b") == three()


@pytest.mark.parametrize(("name", "words"), [("a", "there is a 'a' already"), ("1b", "'1b' is no name")])
def test_a_stage_is_not_renamed_to_what_is_taken_or_no_name(name, words):
    with pytest.raises(Refused, match=words):
        edits.rename_stage(three(), "b", name)


def test_pasted_stages_are_copies_beside_the_originals_with_the_links_among_them():
    scenario = three()
    copied = scenario.pipeline.stages[:2]
    pasted = edits.paste(scenario, copied, scenario.pipeline.links, Position(x=5, y=7))
    assert ids(pasted) == ["a", "b", "c", "a_2", "b_2"]
    assert links(pasted)[2:] == ["a_2.o -> b_2.i"]
    assert pasted.layout["b_2"] == Position(x=105, y=7)


def test_stages_can_be_pasted_into_another_document():
    stages = (StageUse(id="a", use="x"),)
    pasted = edits.paste(three(), stages, (), Position(x=1, y=1), {"a": Position(x=40, y=40)})
    assert pasted.layout["a_2"] == Position(x=41, y=41)


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("name", "x", "x"),
        ("cluster.network.bandwidth", "8 Gbit/s", 1e9),
        ("run.steps", None, None),
        (("pipeline", "stages", 0, "with", "deep"), {"a": (1, 2)}, {"a": [1, 2]}),
        (("pipeline", "stages", 0, "with", "n"), None, None),
        (("architectures", 0, "training", "with", "workers"), 4, 4),
        (("faults",), [{"kind": "crash", "worker": "w0", "at": 1}], (Fault(kind="crash", worker="w0", at=1),)),
        (("layout", "a"), Position(x=1, y=2), Position(x=1, y=2)),
        (("layout", "b", "x"), 7, 7),
    ],
)
def test_any_field_can_be_set_by_its_path(path, value, found):
    scenario = edits.set_field(three(), path, value)
    assert edits.get_field(scenario, path) == found
    assert read(rewrite(rewrite("", three()), scenario)).scenario == scenario


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("cluster.network.bandwidth", "8 Gbit", "unknown unit 'Gbit'.*did you mean 'Gbit/s'"),
        ("cluster.network.topology", "rign", "did you mean 'ring'"),
        ("run.seed", -1, "-1 is too small; at least 0"),
        ("run.steps", "many", "whole number"),
        (("pipeline", "stages", 0, "id"), "1", "no name"),
        (("faults",), [{"kind": "crash", "wroker": "w0"}], "'wroker' is not known here; did you mean 'worker'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_our_words(path, value, words):
    with pytest.raises(Refused, match=words):
        edits.set_field(three(), path, value)


def test_items_of_a_list_come_and_go():
    scenario = edits.add_item(three(), "expect", "1 < 2")
    scenario = edits.add_item(scenario, "expect", "2 < 3")
    assert scenario.expect == ("1 < 2", "2 < 3")
    assert edits.remove_item(scenario, "expect", 0).expect == ("2 < 3",)


def test_an_edit_leaves_the_scenario_that_it_was_given_alone():
    before = three()
    edits.set_field(before, ("pipeline", "stages", 0, "with", "n"), 2)
    edits.move(before, {"a": AT})
    edits.set_parameter(before, "a", "n", 2)
    assert before == three()


# --- undo ----------------------------------------------------------------------------------------------------------

steps = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(["csv", "train"]), positions),
    st.tuples(st.just("remove"), st.integers(0, 5)),
    st.tuples(st.just("connect"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("disconnect"), st.integers(0, 5)),
    st.tuples(st.just("move"), st.integers(0, 5), positions),
    st.tuples(st.just("parameter"), st.integers(0, 5), st.none() | st.integers() | tame_texts),
    st.tuples(st.just("rename"), st.integers(0, 5)),
    st.tuples(st.just("name"), tame_texts),
    st.tuples(st.just("cluster"), st.integers(1, 3)),
    st.tuples(st.just("expect"), tame_texts),
)


def carried_out(scenario: Scenario, step: tuple) -> Scenario:
    known = ids(scenario)
    match step:
        case "add", kind, position:
            return edits.add_stage(scenario, kind, position)
        case "name", name:
            return edits.set_field(scenario, "name", name)
        case "expect", text:
            return edits.add_item(scenario, "expect", text)
        case "cluster", count:
            return edits.set_field(scenario, "cluster", Cluster(workers=(WorkerPool(count=count),)))
        case "disconnect", which if scenario.pipeline.links:
            return edits.disconnect(scenario, scenario.pipeline.links[which % len(scenario.pipeline.links)])
        case _ if not known:
            return scenario
        case "remove", which:
            return edits.remove_stages(scenario, [known[which % len(known)]])
        case "connect", source, target:
            return edits.connect(
                scenario, Link(source=f"{known[source % len(known)]}.o", target=f"{known[target % len(known)]}.i")
            )
        case "move", which, position:
            return edits.move(scenario, {known[which % len(known)]: position})
        case "parameter", which, value:
            return edits.set_parameter(scenario, known[which % len(known)], "p", value)
        case "rename", which:
            return edits.rename_stage(scenario, known[which % len(known)], edits.free_name("new", known))
        case _:
            return scenario


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(spellings() | st.just((Scenario(), new())), st.lists(steps, max_size=8))
def test_any_edits_are_said_by_the_text_and_undone_to_the_byte(pair, several):
    _, start = pair
    history = History(read(start))
    texts = [start]
    for step in several:
        after = carried_out(history.document.scenario, step)
        document = read(rewrite(history.document.text, after))
        assert document.scenario == after
        history.push(document)
        texts.append(document.text)
    for text in reversed(texts):
        assert history.document.text == text
        history.undo()
    assert not history.can_undo
    for text in texts:
        assert history.document.text == text
        history.redo()
    assert not history.can_redo


def renamed(history: History, name: str):
    scenario = edits.set_field(history.document.scenario, "name", name)
    return read(rewrite(history.document.text, scenario))


def test_typing_in_one_field_is_one_step():
    history = History(read(new()))
    for name in ("N", "Ne", "New"):
        history.push(renamed(history, name), "name")
    assert history.document.scenario.name == "New"
    assert history.undo().text == new()
    assert not history.can_undo
    assert history.redo().scenario.name == "New"


def test_typing_in_another_field_or_after_a_pause_is_a_step_of_its_own():
    history = History(read(new()))
    history.push(renamed(history, "a"), "name")
    history.push(renamed(history, "b"), "description")
    history.pause()
    history.push(renamed(history, "c"), "description")
    assert [history.undo().scenario.name for _ in range(3)] == ["b", "a", "Untitled"]


def test_typing_after_an_undo_is_a_step_of_its_own():
    history = History(read(new()))
    history.push(renamed(history, "a"), "name")
    history.push(renamed(history, "b"))
    history.undo()
    history.push(renamed(history, "c"), "name")
    assert not history.can_redo
    assert history.undo().scenario.name == "a"


def test_undo_and_redo_at_the_ends_stay_where_they_are():
    history = History(read(new()))
    assert history.undo() is history.redo()
    assert not history.can_undo
    assert not history.can_redo


def test_a_document_is_saved_until_it_is_edited_and_again_when_the_edit_is_undone():
    history = History(read(new()))
    assert history.is_saved
    history.push(renamed(history, "a"))
    assert not history.is_saved
    history.undo()
    assert history.is_saved
    history.redo()
    history.saved()
    assert history.is_saved
    history.undo()
    assert not history.is_saved
