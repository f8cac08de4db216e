"""Every setting of edge and hub, as the classes that read them tell it."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Final

from hub import settings as hub
from proxy import settings as edge
from proxy import settings_source as edge_source

EXAMPLE_HOME: Final = "/HOME"
"""Stands for the edge's folder while its defaults are asked for."""

EDGE_HEAD: Final = """\
# Settings of the edge

Made from the program. `safety edge --help` prints an example of the whole file, and
`safety edge --config edge.toml --check` says what would be in force. A variable wins over the file; lists and tables
are JSON there. What is unknown or misspelt is refused at start.

| key in `edge.toml` | variable | type | default | |
|---|---|---|---|---|
"""
HUB_HEAD: Final = """\
# Settings of the hub

Made from the program. A TOML file (`SAFETY_HUB_CONFIG` or `safety hub --config FILE` names it), the variables and the
command line; the last one wins. What is unknown or misspelt is refused at start.

| key | variable | type | default | |
|---|---|---|---|---|
"""

INSIDE_HEAD: Final = """
## What stands in a table of its own

The last word but one is a name that you choose: of a provider, a service, a client.

| key | |
|---|---|
"""
TABLES: Final = {
    "egress.providers": "LLM providers, a table for each; their fields stand below",
    "connections": "services that agents may use, a table for each; their fields stand below",
}
TABLES_OF: Final = ("egress.providers.", "connections.")


def edge_page() -> str:
    """Return the page of the edge's settings."""
    meant, classes = example_words(edge.__doc__ or ""), _edge_classes()
    rows = []
    for variable, key in edge_source.VARIABLES.items():
        section, _, name = key.rpartition(".")
        meaning = meant.get(key) or attribute_words(classes.get(section)).get(name) or TABLES[key]
        rows.append(_row(key, variable, _kind(key), _edge_default(key), meaning))
    inside = [
        f"| `{key}` | {words} |\n" for key, words in meant.items() if key.startswith(TABLES_OF) and key.count(".")
    ]
    sample = textwrap.dedent((edge.__doc__ or "").split("left out.\n", 1)[1].split("\nEvery key", 1)[0].strip("\n"))
    tables = f"{EDGE_HEAD}{''.join(rows)}{INSIDE_HEAD}{''.join(inside)}"
    return f"{tables}\n## All of them in one file\n\n```toml\n{sample}\n```\n"


def hub_page() -> str:
    """Return the page of the hub's settings."""
    meant, rows = attribute_words(hub.Settings), []
    for entry in fields(hub.Settings):
        kind = {"int": "whole number", "str": "text", "Path": "path"}[str(entry.type)]
        default = "~/.safety-hub" if entry.default is MISSING else str(entry.default)
        rows.append(_row(entry.name, hub.PREFIX + entry.name.upper(), kind, default, meant.get(entry.name, "")))
    return f"{HUB_HEAD}{''.join(rows)}"


def example_words(example: str) -> Mapping[str, str]:
    """Return what an example in TOML says of each key, in the comments beside and below it."""
    found: dict[str, str] = {}
    section, key = "", ""
    for line in example.splitlines():
        head, entry, more = (re.match(form, line.strip()) for form in (HEADER, ENTRY, COMMENT))
        if head:
            section, key = f"{head[1]}.", head[1]
            found[key] = head[2] or ""
        elif entry:
            key = section + entry[1]
            found[key] = entry[2] or ""
        elif more and section and line.startswith(NOTE):
            table = section.removesuffix(".")
            found[table] += f"{' ' if ';' in found[table] else '; '}{more[1]}"
        elif more and key:
            found[key] = f"{found[key]} {more[1]}".strip()
        else:
            key = ""
    return found


HEADER: Final = r"\[([\w.]+)\]\s*(?:#\s*(.*))?$"
ENTRY: Final = r"(\w+) = (?:\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\}|[^#\"\[{]+?)\s*(?:#\s*(.*))?$"
NOTE: Final = "    #"
"""Begins a line that speaks of its whole table."""

COMMENT: Final = r"#\s*(.*)$"


def attribute_words(described: type | None) -> Mapping[str, str]:
    """Return what a class's docstring says of each of its attributes."""
    text = inspect.getdoc(described) if described else None
    _, _, told = (text or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, words in re.findall(r"^    ([a-z_]+(?:, [a-z_]+)*): (.*(?:\n {8}.*)*)", told, re.MULTILINE):
        for name in names.split(", "):
            found[name] = " ".join(words.split())
    return found


def _edge_classes() -> Mapping[str, type]:
    names = ("hub", "engine", "shadow", "control", "egress", "execute", "telemetry")
    return {name: getattr(edge, f"{name.capitalize()}Settings") for name in names}


def _kind(key: str) -> str:
    words = {str: "text", int: "whole number", float: "seconds", bool: "true or false", list: "list", dict: "table"}
    return words[edge_source._KINDS[key]]


def _edge_default(key: str) -> str:
    if key in {"tenant", "workspace"}:
        return "required"
    if key == "home":
        return "$SAFETY_HOME, else ~/.safety"
    if key == "telemetry.private_hosts":  # is looked at when settings are read, and needed by nobody then
        return "none"
    given = {"SAFETY_HOME": EXAMPLE_HOME, f"{edge_source.PREFIX}TENANT": "acme", f"{edge_source.PREFIX}WORKSPACE": "/w"}
    value: object = edge_source.load_settings(None, given)
    for name in key.split("."):
        value = getattr(value, name)
    if key == "execute.confine":
        return "enforce"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, tuple | Mapping):
        return "none"
    return str(getattr(value, "value", value)).replace(EXAMPLE_HOME, "HOME") if not hasattr(value, "items") else "none"


def _row(key: str, variable: str, kind: str, default: str, meaning: str) -> str:
    cells = (f"`{key}`", f"`{variable}`", kind, f"`{default}`" if default else "", meaning.replace("|", "\\|"))
    return f"| {' | '.join(cells)} |\n"
