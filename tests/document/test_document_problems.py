"""Problems: all at once, each with its line, its place and the nearest known name, in two languages."""

import re
import string

import pytest

from workbench.document.nodes import MOST_CHARACTERS, MOST_LEVELS
from workbench.document.problems import Problem, Refused, nearest
from workbench.document.text import read
from workbench.document.words import PROBLEMS

TEN_MISTAKES = """\
format: 1
nam: Ten mistakes
pipeline:
  stages:
    - {id: 1st, use: csv}
    - {id: learn, use: train, wiht: {}}
    - {id: grade}
  links:
    - learn.model - grade.model
cluster:
  workers:
    - {id: w, count: 0, memory: 8 Gbit}
  network: {topology: rig, bandwidth: -1}
faults:
  - {kind: crush, worker: w0, at: soon}
run: {steps: 1.5, replications: many}
"""


def told(text: str, language: str = "en") -> list[str]:
    return [problem.told(language) for problem in read(text).problems]


def codes(text: str) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in read(text).problems]


def test_ten_mistakes_and_more_are_told_at_once_with_line_place_and_nearest_name():
    assert told(TEN_MISTAKES) == [
        "line 2: nam: 'nam' is not known here; did you mean 'name'?",
        "line 5: pipeline.stages[1st].id: '1st' is no name; a name begins with a letter and goes on with letters, "
        "digits, - and _",
        "line 6: pipeline.stages[learn].wiht: 'wiht' is not known here; did you mean 'with'?",
        "line 7: pipeline.stages[grade]: 'use' is missing",
        "line 9: pipeline.links[0]: 'learn.model - grade.model' is no link; write it as 'stage.port -> stage.port'",
        "line 12: cluster.workers[w].count: 0 is too small; at least 1",
        "line 12: cluster.workers[w].memory: unknown unit 'Gbit'; known are B, kB, MB, GB, TB, PB, KiB, MiB, GiB, "
        "TiB; did you mean 'GB'?",
        "line 13: cluster.network.topology: 'rig' is none of switch, ring, fat-tree, nvlink-island, wide-area; did you "
        "mean 'ring'?",
        "line 13: cluster.network.bandwidth: a quantity cannot be negative; write for example '25 Gbit/s'",
        "line 15: faults[0].kind: 'crush' is none of crash, freeze, leader-crash, slow-down, slow-link, partition, "
        "storage-full, corrupt-checkpoint; did you mean 'crash'?",
        "line 15: faults[0].at: 'soon' is no quantity; write for example '10 ms'",
        "line 16: run.steps: write a whole number here, not 1.5",
        "line 16: run.replications: write a whole number here, not 'many'",
    ]


def test_the_same_mistakes_are_told_in_japanese():
    lines = told(TEN_MISTAKES, "ja")
    assert lines[0] == "2 行目: nam: 「nam」はここでは使えません。「name」ではありませんか?"
    assert len(lines) == 13
    assert all(re.search("[ぁ-んァ-ヶ一-龠]", line.split(": ", 2)[-1]) for line in lines)


def test_parts_without_mistakes_are_read_beside_those_with_mistakes():
    scenario = read(TEN_MISTAKES).scenario
    assert [stage.id for stage in scenario.pipeline.stages] == ["learn"]
    assert scenario.cluster.names == ("w0",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("empty", None)]),
        ("# nothing yet\n", [("empty", None)]),
        ("- a\n- b\n", [("not-a-scenario", 1)]),
        ("hello", [("not-a-scenario", 1)]),
        ("a: b: c\n", [("not-yaml", 1)]),
        ("format: 1\nname: 'x\n", [("not-yaml", 3)]),
        ("name: [a\n", [("not-yaml", 2)]),
        ("format: 1\nrun:\n\tseed: 1\n", [("tab", 3)]),
        ("format: 1\nname: \x07\n", [("bad-character", 2)]),
        ("format: 1\n---\nformat: 1\n", [("several-documents", 2), ("no-stages", None)]),
        ("name: x\n", [("format-missing", None), ("no-stages", None)]),
        ("format: 2\nfuture: yes\n", [("format-newer", 1)]),
        ("format: one\n", [("format-unknown", 1)]),
        ("format: 0\n", [("format-unknown", 1)]),
        ("format: true\n", [("format-unknown", 1)]),
        (
            "format: 1\nname: !!python/object/apply:os.system [ls]\n",
            [("tag", 2), ("want-text", 2), ("no-stages", None)],
        ),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_with_the_reason(text, expected):
    assert sorted(codes(text), key=str) == sorted(expected, key=str)


def test_a_newer_format_is_refused_by_name():
    assert told("format: 7\n") == [
        "line 1: format: the file has format 7, which a later Workbench wrote; this one reads up to format 1"
    ]
    assert not read("format: 7\n").is_readable


def test_a_key_that_is_written_twice_is_refused_with_the_line_of_the_first_which_counts():
    document = read("format: 1\nname: one\nrun:\n  seed: 3\nname: two\n")
    assert "line 5: 'name' is written twice; the first time is line 2" in [p.told() for p in document.problems]
    assert document.scenario.name == "one"


def test_a_bomb_of_aliases_is_refused_without_being_unfolded():
    levels = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(9)]
    document = read("format: 1\na: &a [x, x, x]\n" + "\n".join(levels))
    assert {problem.code for problem in document.problems} == {"alias", "unknown-key", "no-stages"}


def test_a_merge_of_mappings_is_refused_by_name():
    text = "format: 1\ncluster:\n  network: &n {latency: 1 ms}\nrun:\n  <<: *n\n"
    assert ("alias", 5) in codes(text)


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{a: " * 5000, "- " * 3000 + "x", "a:\n" + " " * 5 + "[" * (MOST_LEVELS + 5)]
)
def test_levels_without_end_are_refused(text):
    assert [problem.code for problem in read(text).problems] == ["too-deep"]


def test_a_file_far_too_big_for_a_scenario_is_refused():
    assert [problem.code for problem in read("#" * (MOST_CHARACTERS + 1)).problems] == ["too-big"]


def test_a_section_without_content_counts_as_not_written():
    assert codes("format: 1\nfaults:\nrun:\n  steps:\nname:\n") == [("no-stages", None)]


def test_a_parameter_without_a_value_is_kept():
    text = "format: 1\npipeline:\n  stages:\n    - id: a\n      use: csv\n      with:\n        x:\n"
    assert read(text).scenario.pipeline.stages[0].with_ == {"x": None}


def test_a_list_where_a_mapping_is_wanted_and_the_other_way_round_are_told():
    text = "format: 1\ncluster: []\npipeline:\n  stages: {id: a}\n  links: x\nname: 5\ndescription: [x]\n"
    assert [line for line in told(text) if "write" in line] == [
        "line 2: cluster: write 'key: value' lines here, not a list",
        "line 4: pipeline.stages: write a list here ('- …' lines), not a mapping",
        "line 5: pipeline.links: write a list here ('- …' lines), not 'x'",
        "line 6: name: write text here, not 5; quotes make it text",
        "line 7: description: write text here, not a list; quotes make it text",
    ]


def test_of_an_accelerator_given_by_figures_only_the_figures_are_checked():
    text = "format: 1\ncluster:\n  workers:\n    - accelerator: {operations_per_s: 1 Tflop/s, memory: 8 GB, sped: 1}\n"
    assert [line for line in told(text) if "accelerator" in line] == [
        "line 4: cluster.workers[0].accelerator: 'memory_bytes_per_s' is missing",
        "line 4: cluster.workers[0].accelerator.sped: 'sped' is not known here",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cluster: {network: {bandwidth: 0 bit/s}}", "line 2: cluster.network.bandwidth: 0 is not more than 0"),
        ("cluster: {workers: [{speed: 0}]}", "line 2: cluster.workers[0].speed: 0 is not more than 0"),
    ],
)
def test_a_bandwidth_or_speed_of_nothing_is_refused(text, line):
    assert line in told("format: 1\n" + text)


def test_an_accelerator_that_is_neither_a_name_nor_figures_is_one_problem():
    lines = told("format: 1\ncluster: {workers: [{accelerator: 5}]}\n")
    assert [line for line in lines if "accelerator" in line] == [
        "line 2: cluster.workers[0].accelerator: write text here, not 5; quotes make it text"
    ]


def test_a_python_name_of_a_field_is_no_key_of_the_file():
    text = "format: 1\npipeline:\n  stages:\n    - {id: a, use: csv, with_: {}}\n"
    assert told(text) == ["line 4: pipeline.stages[a].with_: 'with_' is not known here; did you mean 'with'?"]


def test_a_link_to_a_stage_that_could_not_be_read_is_no_second_problem():
    text = "format: 1\npipeline:\n  stages: [{id: a, use: csv}, {id: b}]\n  links: [a.table -> b.table]\n"
    assert [code for code, _ in codes(text)] == ["missing"]


def test_a_fault_on_a_worker_that_could_not_be_read_is_no_second_problem():
    text = "format: 1\ncluster:\n  workers: [{id: w, count: 2, sped: 1}]\nfaults: [{kind: crash, worker: w1, at: 1}]\n"
    assert [code for code, _ in codes(text)] == ["no-stages", "unknown-key"]


def test_problems_that_others_find_get_their_lines():
    text = "format: 1\npipeline:\n  stages:\n    - id: a\n      use: csv\n      with:\n        pth: x\n"
    found = [
        Problem("unknown-key", "pipeline.stages[a].with.pth", {"key": "pth"}),
        Problem("missing", "pipeline.stages[a].with", {"key": "path"}),
        Problem("unknown-stage-kind", "pipeline.stages[a].use", {"kind": "csv"}),
        Problem("rate-missing", "workload.rate", {"arrivals": "poisson"}),
    ]
    document = read(text).with_problems(found)
    assert [(problem.code, problem.line) for problem in document.problems] == [
        ("rate-missing", None),
        ("unknown-stage-kind", 5),
        ("missing", 6),
        ("unknown-key", 7),
    ]


def test_only_notes_do_not_refuse():
    text = "format: 1\npipeline:\n  stages: [{id: a, use: csv, when: x}]\nlayout: {b: {x: 1, y: 1}}\n"
    document = read(text)
    assert {problem.code for problem in document.problems} == {"expectation-syntax", "layout-of-nothing"}
    assert [problem.code for problem in document.refused] == ["expectation-syntax"]


# --- the catalogue -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_says_the_same_values_in_both_languages(code):
    english, japanese = (
        {name for _, name, _, _ in string.Formatter().parse(sentence) if name} for sentence in PROBLEMS[code]
    )
    assert japanese <= english
    # Japanese may leave out what its sentence says by other means, but never a value that the user wrote.
    assert english - japanese <= {"format"}


def test_a_problem_without_words_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        Problem("no-such-code").words()


def test_a_refusal_is_a_value_error_that_says_what_its_problem_says():
    refused = Refused("unknown-stage", stage="trian", nearest="train")
    assert isinstance(refused, ValueError)
    assert str(refused) == "there is no stage 'trian'; did you mean 'train'?"
    assert refused.at("pipeline").words("ja") == "ステージ「trian」はありません。「train」ではありませんか?"


@pytest.mark.parametrize(("name", "near"), [("trian", "train"), ("TRAIN", "train"), ("xyz", ""), ("cvs", "csv")])
def test_the_nearest_known_name_is_found_or_none(name, near):
    assert nearest(name, ["train", "csv", "evaluate"]) == near
