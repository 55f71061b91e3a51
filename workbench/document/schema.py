"""The JSON Schema of a scenario file, for editors that complete and check while a person types."""

from __future__ import annotations

from typing import Any

from workbench.document.scenario import END, Scenario


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of format 1, as plain data; quantities are numbers or text with a unit."""
    schema = Scenario.model_json_schema(by_alias=True, mode="validation")
    end = END.strip("^$")
    schema["$defs"]["Link"] = {
        "description": "A link from an output port to an input port.",
        "type": "string",
        "pattern": rf"^\s*{end}\s*->\s*{end}\s*$",
        "examples": ["prepare.dataset -> train.dataset"],
    }
    schema["required"] = ["format"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Workbench scenario"}
