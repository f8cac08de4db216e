"""What may not be left to a template, by what the catalogue says of the tool.

A template brings values, which may come from a stranger's mail. So none stands where a tool reads code: commands and
their words, SQL, scripts, patches. A tool's bound parameters, a message's text, a recipient may have one; whatever
comes of it is judged as any call is. Which tool and which connection a step uses is written out, always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from safety_core.blueprint.template import paths_in
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.blueprint import PLAN, Blueprint

CODE_ROLES: Final = frozenset(
    {"command", "words", "cwd", "host", "method", "headers", "patch", "sql", "code", "script"}
)
"""Roles of arguments that a tool obeys."""

CODE_NAMES: Final = frozenset(
    {"command", "cmd", "script", "code", "sql", "statement", "statements", "connection", "method"}
)
"""... and names, whatever the catalogue says of the tool."""

ADDRESS_NAMES: Final = frozenset({"url", "uri", "endpoint"})
"""Arguments in which a value becomes one piece of a URL."""

PATH_NAMES: Final = frozenset({"path", "file", "filename", "file_path"})
"""Arguments in which a value becomes a part of a file's name, and leads nowhere else."""

_ADDRESS: Final = re.compile(r"https?://[^{}/?#@\s]+/[^{}#]*\{\{")


def check_tools(blueprints: Mapping[str, Blueprint], catalogue: JsonObject) -> None:
    """Refuse steps with tools that nobody knows, and templates where code stands.

    Raises:
        InputError: naming the field by its path in the bundle's data.
    """
    tools = catalogue.get("tools")
    known = _by_name(tools if isinstance(tools, dict) else {})
    for blueprint in blueprints.values():
        for path, tool, arguments in _calls(blueprint):
            _check_call(path, tool, arguments, known)


def _calls(blueprint: Blueprint) -> Iterator[tuple[str, str, JsonObject]]:
    for number, step in enumerate(blueprint.steps):
        path = f"data.blueprints.{blueprint.id}.steps[{number}]"
        yield path, step.tool, step.arguments
        if step.compensate is not None and step.compensate.tool:
            yield f"{path}.compensate", step.compensate.tool, step.compensate.arguments


def _check_call(path: str, tool: str, arguments: JsonObject, known: Mapping[str, JsonObject]) -> None:
    if tool == PLAN:
        raise InputError(f"{path}.tool", "is no tool")
    if tool not in known and "." not in tool:
        raise InputError(f"{path}.tool", f"{tool!a} is not in the catalogue", "list it in catalogue/*.yaml first")
    unlisted: JsonObject = {"code": ["query"]}
    code = _named(tool, known, *CODE_ROLES) | _code(known.get(tool, unlisted)) | CODE_NAMES
    for name, value in arguments.items():
        templates = [*paths_in(value)]
        if not templates:
            continue
        if name in code:
            fix = "write it out, and give values as bound parameters"
            raise InputError(f"{path}.arguments.{name}", "is read as code, and takes no template", fix)
        if name in ADDRESS_NAMES and not (isinstance(value, str) and _ADDRESS.match(value)):
            fix = "write https://host/ out, and use a template in the path or the query"
            raise InputError(f"{path}.arguments.{name}", "leaves the host to a template", fix)
        if name in _named(tool, known, "url", "path") - ADDRESS_NAMES - PATH_NAMES:
            fix = f"use one of {', '.join(sorted(ADDRESS_NAMES | PATH_NAMES))}"
            raise InputError(f"{path}.arguments.{name}", "is a path or an address under another name", fix)


def _by_name(tools: JsonObject) -> Mapping[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    for name, entry in tools.items():
        if isinstance(entry, dict):
            found[name] = entry
            aliases = entry.get("aliases")
            found.update(dict.fromkeys((str(alias) for alias in aliases) if isinstance(aliases, list) else (), entry))
    return found


def _named(tool: str, known: Mapping[str, JsonObject], *roles: str) -> frozenset[str]:
    args: Json = known.get(tool, {}).get("args")
    if not isinstance(args, dict):
        return frozenset()
    names = (args.get(role) for role in roles)
    return frozenset(str(name) for listed in names if isinstance(listed, list) for name in listed)


def _code(entry: JsonObject) -> frozenset[str]:
    """Return the arguments that hold code, which stand there as a list or by language."""
    names = entry.get("code", [])
    listed = names.values() if isinstance(names, dict) else [names]
    return frozenset(str(name) for part in listed if isinstance(part, list) for name in part)
