"""The check of a scenario's stages, and the sizes along its links."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.document.problems import Problem
from workbench.document.scenario import Pipeline, Scenario
from workbench.stages.base import Cost
from workbench.stages.check import build, check
from workbench.stages.registry import STAGES
from workbench.stages.sizes import inputs_of, sizes, step_costs
from workbench.stages.values import size_of

SOUND: dict[str, Any] = {
    "stages": [
        {"id": "evaluate", "use": "evaluate"},
        {"id": "train", "use": "train", "with": {"epochs": 2, "hidden": [16]}},
        {"id": "pca", "use": "pca", "with": {"components": 8}},
        {"id": "prepare", "use": "prepare"},
        {"id": "load", "use": "sample"},
        {"id": "save", "use": "save"},
    ],
    "links": [
        "load.table -> prepare.table",
        "prepare.dataset -> pca.dataset",
        "pca.dataset -> train.dataset",
        "train.model -> evaluate.model",
        "pca.dataset -> evaluate.dataset",
        "train.model -> save.model",
    ],
}


def found(*stages: dict[str, Any], links: tuple[str, ...] = ()) -> list[Problem]:
    return check(Scenario.model_validate({"pipeline": {"stages": stages, "links": links}}), Path("/nowhere"))


def test_a_sound_pipeline_has_no_problems() -> None:
    assert check(Scenario.model_validate({"pipeline": SOUND}), Path()) == []


def test_all_problems_are_found_at_once() -> None:
    problems = found(
        {"id": "load", "use": "sampel"},
        {"id": "prepare", "use": "prepare", "with": {"scale": "standart", "held_out": 2, "labl": "x", "seed": 1.5}},
        {"id": "train", "use": "train", "with": {"hidden": [8, 0], "epochs": "many", "learning_rate": float("nan")}},
        {"id": "other", "use": "train"},
        links=("load.table -> prepare.table", "prepare.data -> train.dataset", "prepare.dataset -> other.dataset"),
    )
    assert {(problem.code, problem.place) for problem in problems} == {
        ("unknown-stage-kind", "pipeline.stages[load].use"),
        ("not-one-of", "pipeline.stages[prepare].with.scale"),
        ("too-large", "pipeline.stages[prepare].with.held_out"),
        ("unknown-key", "pipeline.stages[prepare].with.labl"),
        ("want-whole", "pipeline.stages[prepare].with.seed"),
        ("too-small", "pipeline.stages[train].with.hidden[1]"),
        ("want-whole", "pipeline.stages[train].with.epochs"),
        ("not-finite", "pipeline.stages[train].with.learning_rate"),
        ("unknown-port", "pipeline.links[1]"),
        ("several-trainings", "pipeline.stages[other]"),
    }
    assert all(problem.words("en") and problem.words("ja") for problem in problems)


@pytest.mark.parametrize(
    ("stage", "nearest"),
    [
        ({"id": "a", "use": "sampel"}, "sample"),
        ({"id": "a", "use": "sample", "with": {"nam": "iris"}}, "name"),
        ({"id": "a", "use": "sample", "with": {"name": "iriss"}}, "iris"),
    ],
)
def test_a_wrong_name_comes_with_the_nearest_known_one(stage: dict[str, Any], nearest: str) -> None:
    (problem,) = found(stage)
    assert problem.values["nearest"] == nearest


def test_a_link_between_ports_of_other_types_is_refused() -> None:
    (problem,) = found(
        {"id": "load", "use": "sample"}, {"id": "save", "use": "save"}, links=("load.table -> save.model",)
    )
    assert (problem.code, problem.place) == ("port-types", "pipeline.links[0]")
    assert (problem.values["source_type"], problem.values["target_type"]) == ("table", "model")


def test_an_input_without_a_link_is_named() -> None:
    (problem,) = found({"id": "score", "use": "prepare"})
    assert (problem.code, dict(problem.values)) == ("input-missing", {"port": "table", "stage": "score"})


def test_a_second_training_is_refused_as_not_done_yet() -> None:
    problems = found({"id": "a", "use": "train"}, {"id": "b", "use": "train"})
    assert [problem.severity for problem in problems if problem.code == "several-trainings"] == ["not-yet"]


def test_what_a_stage_finds_itself_is_placed_at_its_parameter() -> None:
    (problem,) = found({"id": "load", "use": "csv", "with": {"file": "t.csv"}})
    assert (problem.code, problem.place) == ("file-missing", "pipeline.stages[load].with.file")


def test_links_to_stages_that_do_not_exist_are_left_to_the_document() -> None:
    assert found({"id": "load", "use": "sample"}, links=("load.table -> gone.table",)) == []


def test_foretold_sizes_along_a_pipeline_are_the_real_ones(work: Callable[..., Any]) -> None:
    pipeline = Pipeline.model_validate(SOUND)
    foretold = sizes(pipeline, Path())
    assert next(iter(foretold)) == "load"
    made: dict[str, Any] = {}
    for id in foretold:
        use = pipeline.stage(id)
        inputs = {x.target_port: made[x.source] for x in pipeline.links if x.target_stage == id}
        port = STAGES[use.use].outputs[0].name
        made[f"{id}.{port}"] = work(use.use, inputs, **use.with_)
        assert foretold[id].outputs[port] == size_of(made[f"{id}.{port}"])
        assert foretold[id].cost.operations > 0
        assert foretold[id].cost.memory_bytes > 0
    assert step_costs(pipeline, Path())["train"].steps == 2 * (1437 // 64)


def test_a_stage_is_told_the_sizes_of_what_is_linked_to_it() -> None:
    pipeline = Pipeline.model_validate(SOUND)
    arriving = inputs_of(pipeline, "evaluate", sizes(pipeline, Path()))
    assert (arriving["model"].columns, arriving["dataset"].test_rows) == (8, 360)


def test_text_columns_widen_the_foretold_dataset_as_they_widen_the_real_one(
    tmp_path: Path, work: Callable[..., Any]
) -> None:
    colours, answers = ("red", "green", "blue"), ("no", "yes")
    rows = [f"{i},{colours[i % 3]},{answers[i % 2]},{i % 4}" for i in range(120)]
    (tmp_path / "t.csv").write_text("size,colour,label,door\n" + "\n".join(rows) + "\n")
    pipeline = Pipeline.model_validate(
        {
            "stages": [
                {"id": "read", "use": "csv", "with": {"file": "t.csv"}},
                {"id": "prepare", "use": "prepare"},
            ],
            "links": ["read.table -> prepare.table"],
        }
    )
    real = work("prepare", {"table": work("csv", file="t.csv")})
    assert sizes(pipeline, tmp_path)["prepare"].outputs["dataset"] == size_of(real)


def test_what_a_cost_puts_out_is_added_up() -> None:
    cost = sizes(Pipeline.model_validate(SOUND), Path())["load"].cost
    assert isinstance(cost, Cost)
    assert cost.bytes_out == 934_440


def test_a_stage_is_built_with_the_parameters_of_its_use() -> None:
    use = Pipeline.model_validate(SOUND).stage("train")
    assert build(use).model_dump()["hidden"] == (16,)


def test_expectations_may_ask_for_what_a_stage_measures_and_for_nothing_else(tmp_path: Path) -> None:
    pipeline = {"stages": [{"id": "table", "use": "csv"}, {"id": "odd", "use": "unheard"}]}
    asked = ("a.rows_of_table > 1", "a.row_of_table > 1", "a.columns_of_table > 1", "a.rows_of_odd > 1")
    scenario = Scenario.model_validate({"pipeline": pipeline, "expect": asked})
    found = [problem for problem in check(scenario, tmp_path) if problem.place.startswith("expect")]
    assert [(problem.place, problem.code) for problem in found] == [
        ("expect[1]", "unknown-metric"),
        ("expect[2]", "unknown-metric"),
    ]
    assert "did you mean 'rows_of_table'" in found[0].words()
