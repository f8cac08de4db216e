"""The pages that are made from the program have all of it."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import click
import pytest

from hub.openapi.document import document as hub_document
from hub.settings import Settings as HubSettings
from proxy.control.openapi.document import document as edge_document
from proxy.settings_source import VARIABLES
from tests.docs.pages import ROOT
from tools.docs import commands, library, openapi, settings
from tools.docs.links import rewritten


def test_every_command_option_and_argument_stands_in_it() -> None:
    page = commands.page()
    for words, command, context in commands.every_command():
        if words == "safety":
            continue
        assert re.search(rf"^##+ {re.escape(words)}$", page, re.MULTILINE), words
        section = re.split(rf"^##+ {re.escape(words)}$", page, maxsplit=1, flags=re.MULTILINE)[1].partition("\n##")[0]
        if not isinstance(command, click.Group):
            for entry in command.get_params(context):
                assert (
                    "--help" in entry.opts or isinstance(entry, click.Argument) or max(entry.opts, key=len) in section
                ), f"{words} {entry.name}"


def test_every_setting_of_the_edge_has_a_type_a_default_and_a_meaning() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| `(SAFETY_EDGE_\w+)` \| (.+?) \| (.*?) \| (.+) \|$", settings.edge_page(), re.M
    )
    assert {variable: key for key, variable, *_ in rows} == dict(VARIABLES)
    assert all(kind and meaning.strip() for _, _, kind, _, meaning in rows)
    told = {key: default for key, _, _, default, _ in rows}
    assert (told["egress.port"], told["tenant"], told["root"]) == ("`8100`", "`required`", "`HOME/root.json`")


def test_every_setting_of_the_hub_has_a_meaning() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| `SAFETY_HUB_\w+` \| .+? \| .*? \| (.+) \|$", settings.hub_page(), re.M)
    assert [key for key, _ in rows] == [entry.name for entry in fields(HubSettings)]
    assert all(meaning.strip() for _, meaning in rows)


@pytest.mark.parametrize(
    ("page", "document"), [(openapi.hub_page(), hub_document()), (openapi.edge_page(), edge_document())]
)
def test_every_request_and_shape_of_the_apis_stands_in_it(page: str, document: bytes) -> None:
    told = json.loads(document)
    requests = {f"{method.upper()} {path}" for path, methods in told["paths"].items() for method in methods}
    assert requests == {*re.findall(r"^### ([A-Z]+ /.*)$", page, re.MULTILINE)}
    assert {*told["components"]["schemas"]} <= {*re.findall(r"^### (\w+)$", page, re.MULTILINE)}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "anything"),
        ({"$ref": "#/components/schemas/Grant"}, "[Grant](#grant)"),
        ({"const": True}, "`true`"),
        ({"type": ["string", "null"], "maxLength": 5}, "string or null (5 characters at most)"),
        ({"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "integer (from 0)"),
        ({"anyOf": [{"enum": ["a"]}, {"type": "array", "items": {"type": "number"}}]}, '`"a"` or list of number'),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object, each value string"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
            "{`a` string; `b`? anything}",
        ),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, object], words: str) -> None:
    assert openapi.words(schema) == words


def test_the_library_page_has_every_name_that_its_guide_uses() -> None:
    guide = (ROOT / "docs/library.md").read_text()
    public = {name for names in library.PUBLIC.values() for name in names}
    for module, names in re.findall(r"^from (safety_core[\w.]*) import (.+)$", guide, re.MULTILINE):
        for name in names.split(", "):
            full = f"{module}.{name}"
            assert any(known == full or known.startswith(f"{full}.") for known in public), full


def test_links_lead_to_the_site_and_into_the_source_they_are_text() -> None:
    pages = {"docs/hub.md", "docs/adr/0001-a.md", "policies/README.md"}
    text = "[a](hub.md#x) [b](../policies/README.md) [c](../hub/app.py) [d](https://e.example) ![e](hub.md)\n"
    text += "```\n[a](../x)\n```\n"
    assert rewritten(text, "docs/index.md", pages.__contains__) == text.replace("[c](../hub/app.py)", "c").replace(
        "../policies", "policies"
    )
    assert rewritten("[a](../docs/hub.md)", "policies/README.md", pages.__contains__) == "[a](../hub.md)"
    assert rewritten("[a](../hub.md)", "docs/adr/0001-a.md", pages.__contains__) == "[a](../hub.md)"
