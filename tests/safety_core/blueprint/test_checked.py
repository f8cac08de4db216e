"""No template stands where code is read, and every tool is one of the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.blueprint.checked import check_tools
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from tests.safety_core.blueprint.conftest import parsed

CATALOGUE: JsonObject = {
    "tools": {
        "exec": {"aliases": ["bash"], "args": {"command": ["command"], "words": ["args"], "stdin": ["stdin"]}},
        "sql_query": {"code": {"sql": ["query"]}},
        "process": {"code": ["keys"]},
        "fetch": {"args": {"url": ["url", "address"], "path": ["target"]}},
        "mail_search": {"args": "odd"},
        "odd": [],
    }
}


def checked(tool: str, catalogue: JsonObject | None = None, **arguments: Json) -> None:
    step: dict[str, Any] = {"id": "a", "words": "Does it", "tool": tool, "arguments": arguments}
    raw = {"id": "x", "title": "X", "words": "X", "inputs": [{"name": "it", "type": "text", "question": "?"}]}
    check_tools({"x": parsed({**raw, "steps": [step]})}, CATALOGUE if catalogue is None else catalogue)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("exec", {"command": "ls {{inputs.it}}"}),
        ("bash", {"command": "ls {{inputs.it}}"}),
        ("exec", {"args": ["{{inputs.it}}"]}),
        ("sql_query", {"query": "SELECT '{{inputs.it}}'"}),
        ("process", {"keys": "{{inputs.it}}"}),
        ("shop.search", {"query": "{{inputs.it}}"}),
        ("mail_search", {"connection": "{{inputs.it}}"}),
    ],
)
def test_a_template_in_code_is_refused(tool: str, arguments: dict[str, Json]) -> None:
    with pytest.raises(InputError, match="read as code") as caught:
        checked(tool, **arguments)
    assert caught.value.thing == f"data.blueprints.x.steps[0].arguments.{next(iter(arguments))}"


@pytest.mark.parametrize("url", ["{{inputs.it}}", "https://{{inputs.it}}/x", "https://a@b/{{inputs.it}}", 7])
def test_a_template_chooses_no_host(url: Json) -> None:
    if url == 7:
        checked("fetch", url=url)
        return
    with pytest.raises(InputError, match="leaves the host"):
        checked("fetch", url=url)


@pytest.mark.parametrize("name", ["address", "target"])
def test_paths_and_addresses_go_by_names_that_are_watched(name: str) -> None:
    with pytest.raises(InputError, match="under another name"):
        checked("fetch", **{name: "https://shop.example/{{inputs.it}}"})


def test_values_stand_where_values_go() -> None:
    checked("exec", command="cat", stdin="{{inputs.it}}")
    checked("sql_query", query="SELECT $1", parameters=["{{inputs.it}}"])
    checked("fetch", url="https://shop.example/orders/{{inputs.it}}")
    checked("mail_search", query="{{inputs.it}}")
    checked("shop.create", items=["{{inputs.it}}"])


@pytest.mark.parametrize(("tool", "reason"), [("unheard_of", "not in the catalogue"), ("safety_plan", "is no tool")])
def test_a_tool_that_nobody_knows_is_refused(tool: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        checked(tool)
    with pytest.raises(InputError, match="not in the catalogue"):
        checked("exec", {"tools": []})


def test_what_takes_a_step_back_is_held_to_the_same() -> None:
    step: dict[str, Any] = {"id": "a", "words": "Does it", "tool": "exec", "arguments": {"command": "ls"}}
    step["compensate"] = {"tool": "exec", "arguments": {"command": "rm {{steps.a.output}}"}}
    with pytest.raises(InputError) as caught:
        check_tools({"x": parsed({"id": "x", "title": "X", "words": "X", "steps": [step]})}, CATALOGUE)
    assert caught.value.thing == "data.blueprints.x.steps[0].compensate.arguments.command"
    check_tools(
        {"x": parsed({"id": "x", "title": "X", "words": "X", "steps": [{**step, "compensate": "undo"}]})}, CATALOGUE
    )
