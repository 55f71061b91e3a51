"""Formats: upgrades from older ones and the JSON Schema of this one."""

import json

import pytest

from workbench.document import text as texts
from workbench.document.nodes import tree
from workbench.document.patch import patched
from workbench.document.schema import json_schema
from workbench.document.text import read
from workbench.document.upgrade import format_problem, upgraded

# Two formats that never were: format 3 calls the title a name, format 4 writes the seed behind `run`.
UPGRADES = {
    2: lambda data: {("name" if key == "title" else key): value for key, value in data.items()},
    3: lambda data: {key: value for key, value in data.items() if key != "seed"} | {"run": {"seed": data["seed"]}},
}
OLD = "format: 2\ntitle: Mine  # the title\nseed: 5\n\ncluster:\n  # as bought\n  network: {latency: 1 ms}\n"


def test_an_old_file_is_upgraded_step_by_step():
    data = {"format": 2, "title": "Mine", "seed": 5}
    assert upgraded(data, 4, UPGRADES) == {"format": 4, "name": "Mine", "run": {"seed": 5}}
    assert upgraded(data, 3, UPGRADES) == {"format": 3, "name": "Mine", "seed": 5}


def test_an_upgrade_changes_the_text_only_where_the_format_has_changed():
    root = tree(OLD).root
    after = patched(OLD, root, root.data(), upgraded(root.data(), 4, UPGRADES))
    assert tree(after).root.data() == upgraded(root.data(), 4, UPGRADES)
    assert "cluster:\n  # as bought\n  network: {latency: 1 ms}\n" in after


def test_an_upgraded_file_is_read_with_a_note(monkeypatch):
    old = "format: 0\ntitle: Mine\n\ncluster:\n  # as bought\n  network: {latency: 1 ms}\n"
    monkeypatch.setattr(texts, "format_problem", lambda data: format_problem(data, 1, 0))
    monkeypatch.setattr(texts, "upgraded", lambda data: upgraded(data, 1, {0: UPGRADES[2]}))
    document = read(old)
    assert document.scenario.name == "Mine"
    assert document.scenario.cluster.network.latency == 1e-3
    assert [(problem.code, problem.severity) for problem in document.problems] == [
        ("format-upgraded", "note"),
        ("no-stages", "error"),
    ]
    assert document.text.startswith("format: 1\n")
    assert "  # as bought\n" in document.text


@pytest.mark.parametrize(
    ("found", "code"), [(5, "format-newer"), (1, "format-unknown"), ("2", "format-unknown"), (True, "format-unknown")]
)
def test_a_format_without_a_way_to_this_one_is_refused(found, code):
    assert format_problem({"format": found}, 4, 2).code == code


def test_formats_with_a_way_to_this_one_are_read():
    assert [format_problem({"format": found}, 4, 2) for found in (2, 3, 4)] == [None, None, None]


def test_the_schema_is_json_and_closed_and_knows_every_section():
    schema = json.loads(json.dumps(json_schema()))
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["format"]
    assert set(schema["properties"]) >= {"format", "pipeline", "cluster", "architectures", "faults", "expect", "layout"}


def test_the_schema_takes_links_as_arrows_and_quantities_as_text():
    definitions = json_schema()["$defs"]
    assert definitions["Link"]["type"] == "string"
    assert {"type": "string"} in definitions["Network"]["properties"]["bandwidth"]["anyOf"]
    assert "with" in definitions["StageUse"]["properties"]
