"""INI, TOML, HCL, env files, systemd units, crontabs, Dockerfiles and Jenkinsfiles -> settings.

What these have in common is read: a name, `=` or `:`, a value in quotes or up to the next blank; sections in brackets
and blocks in braces lead the way. Comments are none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core.baseline.setting import Setting

_COMMENT: Final = re.compile(r"\s*(?:#|;|//|--\s)")
_SECTION: Final = re.compile(r"\s*\[+\s*([^\[\]=]+?)\s*\]+\s*(?:#.*)?$")
_BLOCK: Final = re.compile(r"\s*([A-Za-z_]\w*)((?:\s+\"[^\"]*\")*)\s*(?:\([^(){}]*\)\s*)?=?\s*\{\s*$")
_CLOSE: Final = re.compile(r"\s*[}\])]+[;,]?\s*$")
_VALUE: Final = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\s,;}\])\"']+"
_PAIR: Final = re.compile(
    rf"(?P<name>\"[^\"\n=]{{1,99}}\"|'[^'\n=]{{1,99}}'|[A-Za-z_][\w.-]{{0,99}})[ \t]*(?:=>|:=|\?=|=|:)[ \t]*"
    rf"(?P<value>{_VALUE})"
)
_ENV: Final = re.compile(rf"\s*ENV\s+(?P<name>[A-Za-z_]\w*)[ \t]+(?P<value>{_VALUE})\s*$")
_NESTED: Final = {"environment", "passenvironment", "withenv"}
_LONG: Final = 4096
"""Characters of a line; longer ones are no setting that a person wrote."""


def assigned_settings(text: str) -> list[Setting]:
    """Return the settings of a text that is read line by line."""
    return [*_lines(text)]


def _lines(text: str) -> Iterator[Setting]:
    section, blocks, at = "", list[str](), 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if len(line) > _LONG or _COMMENT.match(line):
            continue
        if found := _SECTION.match(line):
            section = found[1]
        elif found := _BLOCK.match(line):
            blocks.append(".".join([found[1], *re.findall(r"\"([^\"]*)\"", found[2])]))
        elif _CLOSE.match(line):
            del blocks[-line.count("}") or len(blocks) :]
        else:
            yield from _pairs(line, start, ".".join(filter(None, [section, *blocks])))


def _pairs(line: str, start: int, way: str) -> Iterator[Setting]:
    found = _ENV.match(line)
    if found:
        yield _setting(found, start, way)
        return
    at = 0
    while found := _PAIR.search(line, at):
        nested = found["name"].lower() in _NESTED
        at = found.start("value") if nested else found.end()
        if not nested:
            yield _setting(found, start, way)


def _setting(found: re.Match[str], start: int, way: str) -> Setting:
    name, value = found["name"].strip("\"'"), found["value"]
    bare = value[1:-1] if value[0] in "\"'" else value
    key = f"{way}.{name}" if way else name
    return Setting(key, name, bare, start + found.start("value"), start + found.end("value"))
