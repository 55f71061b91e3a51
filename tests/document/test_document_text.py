"""Texts: round trips, and what a small change of a scenario changes in its text."""

import pytest
from document_strategies import (
    any_texts,
    nonsense,
    positions,
    scenarios,
    scenarios_of,
    spellings,
    tame_keys,
    tame_texts,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.document import text as texts
from workbench.document.edits import connect, disconnect, move, remove_stages, rename_stage, set_field, set_parameter
from workbench.document.scenario import Fault, Link, Position, Scenario, StageUse
from workbench.document.text import new, read, rewrite
from workbench.document.written import block

many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

QUESTION = """\
# Which is faster?
format: 1
name: Try   # the name

pipeline:
  stages:
  # the data
  - {id: a, use: csv, with: {path: x.csv}}   # c
  - id: b   # train
    use: train
    with:
      rate: 1.0e-3   # small
      hidden: [64,   64]

  # last
  - id: c
    use: save
  links:
    - a.table -> b.table   # first
    - b.model->c.model

cluster:
  network:
    bandwidth: 10 Gbit/s # as bought

layout:
  a: {x: 0,  y: 0}  # left
  b: {x: 1, y: 2}
"""


@pytest.fixture
def patched_only(monkeypatch):
    """Texts are patched; one written anew would have lost its comments."""

    def refuse(before, scenario):
        raise AssertionError("the text was written anew")

    monkeypatch.setattr(texts, "_fresh", refuse)


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came."""
    old, new_lines = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new_lines], [line for line in new_lines if line not in old]


def changed(scenario: Scenario, text: str = QUESTION) -> tuple[list[str], list[str]]:
    after = rewrite(text, scenario)
    assert read(after).scenario == scenario
    return lines_changed(text, after)


# --- round trips -------------------------------------------------------------------------------------------------


@many
@given(scenarios)
def test_a_scenario_written_to_an_empty_file_reads_back_equal(scenario):
    assert read(rewrite("", scenario)).scenario == scenario


@many
@given(spellings())
def test_a_text_in_any_spelling_reads_as_its_scenario_and_stays_to_the_byte(pair):
    scenario, text = pair
    assert read(text).scenario == scenario
    assert rewrite(text, scenario) == text


@many
@given(spellings(), scenarios_of(tame_texts, tame_keys))
def test_any_text_can_be_patched_to_say_any_scenario(patched_only, pair, wanted):
    assert read(rewrite(pair[1], wanted)).scenario == wanted


@many
@given(spellings(), any_texts)
def test_any_name_can_be_written_into_any_text(patched_only, pair, name):
    scenario, text = pair
    wanted = scenario.model_copy(update={"name": name, "description": name, "expect": (name,)})
    assert read(rewrite(text, wanted)).scenario == wanted


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab: -\n\t{}[]#'\"|>&*!%@`?,", max_size=60) | st.text(max_size=40))
def test_whatever_a_file_holds_it_is_read_without_an_exception_and_its_problems_can_be_told(text):
    document = read(text)
    for problem in document.problems:
        assert problem.told("en")
        assert problem.told("ja")
    assert read(rewrite(text, document.scenario)).scenario == document.scenario


@settings(max_examples=300, deadline=None)
@given(nonsense, positions)
def test_a_scenario_full_of_mistakes_is_read_and_can_still_be_edited(data, position):
    text = block(data, 0)
    document = read(text)
    for problem in document.problems:
        assert problem.told("en")
        assert problem.told("ja")
    after = rewrite(document.text, move(document.scenario, {"a": position}))
    assert read(after).scenario.layout["a"] == position or not document.is_readable


def test_the_text_of_a_new_scenario_says_an_empty_scenario():
    document = read(new())
    assert document.scenario == Scenario()
    assert [problem.code for problem in document.problems] == ["no-stages"]


# --- small changes -----------------------------------------------------------------------------------------------


def test_moving_a_box_changes_one_line_in_the_layout_and_keeps_its_comment():
    scenario = move(read(QUESTION).scenario, {"a": Position(x=50, y=0)})
    assert changed(scenario) == (["  a: {x: 0,  y: 0}  # left"], ["  a: {x: 50,  y: 0}  # left"])


@many
@given(spellings(), positions, st.data())
def test_moving_any_box_changes_only_lines_behind_layout(patched_only, pair, position, data):
    scenario, text = pair
    if not scenario.layout:
        return
    stage = data.draw(st.sampled_from(sorted(scenario.layout)))
    after = rewrite(text, move(scenario, {stage: position}))
    old, now = text.splitlines(keepends=True), after.splitlines(keepends=True)
    if any(line.startswith(("layout", "{", "\ufefflayout", "\ufeff{")) and "{" in line for line in old):
        return  # the layout shares its lines with other sections
    start = next(i for i, line in enumerate(old) if line.lstrip("\ufeff").startswith("layout:"))
    end = next((i for i in range(start + 1, len(old)) if old[i][0].isalpha()), len(old))
    assert now[:start] == old[:start]
    assert now[len(now) - len(old) + end :] == old[end:]


def test_a_position_that_was_not_written_comes_as_one_line():
    scenario = move(read(QUESTION).scenario, {"c": Position(x=5, y=6.5)})
    assert changed(scenario) == ([], ["  c: {x: 5, y: 6.5}"])


def test_a_changed_parameter_keeps_the_comment_on_its_line():
    scenario = set_parameter(read(QUESTION).scenario, "b", "rate", 0.5)
    assert changed(scenario) == (["      rate: 1.0e-3   # small"], ["      rate: 0.5   # small"])


def test_a_parameter_taken_out_takes_its_line_along():
    scenario = set_parameter(read(QUESTION).scenario, "b", "rate", None)
    assert changed(scenario) == (["      rate: 1.0e-3   # small"], [])


def test_a_quantity_is_written_with_its_unit():
    scenario = set_field(read(QUESTION).scenario, "cluster.network.bandwidth", "25 Gbit/s")
    assert changed(scenario)[1] == ["    bandwidth: 25 Gbit/s # as bought"]


def test_quantities_stay_as_the_user_wrote_them_while_their_value_is_the_same():
    text = QUESTION.replace("10 Gbit/s", "10000 Mbit/s")
    assert rewrite(text, set_field(read(text).scenario, "cluster.network.bandwidth", 1.25e9)) == text


def test_a_removed_stage_takes_its_lines_and_links_along_and_no_comment_of_others():
    gone, came = changed(remove_stages(read(QUESTION).scenario, ["a"]))
    assert came == []
    assert gone == [
        "  - {id: a, use: csv, with: {path: x.csv}}   # c",
        "    - a.table -> b.table   # first",
        "  a: {x: 0,  y: 0}  # left",
    ]


def test_a_renamed_stage_stays_where_it_is_written():
    gone, came = changed(rename_stage(read(QUESTION).scenario, "b", "learn"))
    assert "  - id: b   # train" in gone
    assert "  - id: learn   # train" in came
    assert len(gone) == len(came) == 4


def test_links_come_and_go_as_single_lines():
    scenario = read(QUESTION).scenario
    assert changed(connect(scenario, Link(source="b.metrics", target="c.metrics"))) == (
        [],
        ["    - b.metrics -> c.metrics"],
    )
    assert changed(disconnect(scenario, Link(source="b.model", target="c.model"))) == (["    - b.model->c.model"], [])


def test_a_section_that_was_not_written_comes_in_the_order_of_the_format():
    scenario = read(QUESTION).scenario.model_copy(update={"faults": (Fault(kind="crash", worker="w0", at=12.5),)})
    after = rewrite(QUESTION, scenario)
    expected = "# as bought\n\nfaults:\n  - kind: crash\n    worker: w0\n    at: 12.5 s\n\nlayout:\n"
    assert expected in after
    assert changed(scenario)[0] == []


def test_a_section_that_becomes_empty_keeps_its_key():
    gone, came = changed(read(QUESTION).scenario.model_copy(update={"layout": {}}))
    assert came == ["layout: {}"]
    assert len(gone) == 3


def test_a_block_of_several_lines_is_written_below_its_key():
    stage = StageUse(id="d", use="python", with_={"code": "def f(x):\n    return x\n"})
    scenario = read(QUESTION).scenario
    pipeline = scenario.pipeline.model_copy(update={"stages": (*scenario.pipeline.stages, stage)})
    after = rewrite(QUESTION, scenario.model_copy(update={"pipeline": pipeline}))
    assert "  - id: d\n    use: python\n    with:\n      code: |\n        def f(x):\n            return x\n" in after


def test_windows_line_breaks_and_a_byte_order_mark_are_kept():
    text = "\ufeff" + QUESTION.replace("\n", "\r\n")
    document = read(text)
    assert document.scenario == read(QUESTION).scenario
    scenario = document.scenario.model_copy(update={"faults": (Fault(kind="crash", worker="w0", at=1),)})
    after = rewrite(text, scenario)
    assert after.startswith("\ufeff# Which")
    assert after.replace("\r\n", "").count("\n") == 0
    assert read(after).scenario == scenario


def test_secrets_are_kept_as_they_are_written():
    text = "format: 1\npipeline:\n  stages:\n    - {id: a, use: csv, with: {path: \"${DATA}/x.csv\", key: '${KEY}'}}\n"
    scenario = read(text).scenario
    assert scenario.pipeline.stages[0].with_ == {"path": "${DATA}/x.csv", "key": "${KEY}"}
    assert "'${KEY}'" in rewrite(text, set_parameter(scenario, "a", "path", "y.csv"))


def test_truth_values_and_numbers_that_python_calls_equal_are_told_apart():
    text = "format: 1\npipeline:\n  stages:\n    - {id: a, use: csv, with: {header: 1}}\n"
    assert "header: true" in rewrite(text, set_parameter(read(text).scenario, "a", "header", True))


def test_words_that_older_readers_take_for_truth_values_are_quoted():
    assert 'name: "no"' in rewrite("", Scenario(name="no"))


def test_a_value_that_yaml_cannot_hold_is_refused():
    stage = StageUse(id="a", use="csv", with_={"x": object()})
    with pytest.raises(TypeError, match="cannot be written"):
        rewrite("", Scenario.model_validate({"pipeline": {"stages": [stage]}}))


# --- what cannot be read stays ------------------------------------------------------------------------------------


def test_what_does_not_validate_is_left_out_of_the_scenario_and_stays_in_the_text():
    text = QUESTION.replace("use: save", "usee: save").replace("10 Gbit/s", "fast")
    document = read(text)
    assert [stage.id for stage in document.scenario.pipeline.stages] == ["a", "b"]
    after = rewrite(text, set_parameter(document.scenario, "b", "rate", 1))
    assert "usee: save" in after
    assert "bandwidth: fast # as bought" in after
    assert [problem.code for problem in read(after).problems] == [problem.code for problem in document.problems]


def test_a_bad_value_is_replaced_where_the_user_gives_a_good_one():
    text = QUESTION.replace("10 Gbit/s", "fast")
    after = rewrite(text, set_field(read(text).scenario, "cluster.network.bandwidth", "1 GB/s"))
    assert "bandwidth: 1 GB/s # as bought" in after
    assert read(after).problems == ()


def test_stages_around_one_that_cannot_be_read_can_be_removed():
    text = QUESTION.replace("id: b   # train", "id: 1b   # train")
    after = rewrite(text, remove_stages(read(text).scenario, ["a"]))
    assert "id: 1b   # train" in after
    assert [stage.id for stage in read(after).scenario.pipeline.stages] == ["c"]


def test_a_missing_format_is_written_with_the_first_edit():
    text = "name: old\n"
    after = rewrite(text, set_field(read(text).scenario, "name", "new"))
    assert after == "format: 1\nname: new\n"


def test_comments_alone_are_kept_above_the_first_scenario():
    assert rewrite("# mine\n", Scenario(name="x")) == "# mine\nformat: 1\nname: x\n"


def test_a_file_in_braces_stays_in_braces():
    text = '{"format": 1, "name": "x", "run": {"seed": 3}}'
    scenario = read(text).scenario
    assert rewrite(text, set_field(scenario, "run.seed", 4)) == text.replace("3", "4")
    after = rewrite(text, set_field(scenario, "run.steps", 5))
    assert after == '{"format": 1, "name": "x", "run": {"seed": 3, steps: 5}}'


@pytest.mark.parametrize(
    "text",
    [
        "format: 1\n? name\n: old\n",
        "format: 1\nname: old\ndescription: |+\n  text\n\n\nrun: {seed: 3}\n",
        "---\nformat: 1\nname: old\n...\n",
        "format: 1\nname:\n  old\n",
        "format: 1\nname: # why\n  old\n",
        "format: 1\nname: >-\n  old\n  text\n",
        "format: 1\nname:\nrun:\n  seed: 3\n",
        "format: 1\nname: old",
    ],
)
def test_rare_spellings_are_rewritten_to_say_what_they_should(text):
    scenario = read(text).scenario
    wanted = scenario.model_copy(update={"name": "new", "description": "two\nlines\n", "expect": ("1 < 2",)})
    assert read(rewrite(text, wanted)).scenario == wanted
