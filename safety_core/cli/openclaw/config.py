"""openclaw.json: where it is, what it says, and how it is replaced.

OpenClaw reads JSON5; it writes plain JSON, and so do we. Comments are lost in that: the backup has them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import json5

from safety_core.canonical import Json, JsonObject
from safety_core.edge.files import read_input, replace_file
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import check_shape, parse_json

NAME: Final = "openclaw.json"
LIMIT: Final = 1024 * 1024
"""Bytes. A configuration has a few kilobytes, and a JSON5 reader in Python is slow."""

_LINE: Final = re.compile(r"<string>:([0-9]+) ")
COPIES: Final = 32
"""Copies that are looked at; OpenClaw keeps fewer."""

INCLUDE: Final = "$include"
TOUCHED: Final = frozenset(
    {"agents", "diagnostics", "env", "logging", "models", "plugins", "secrets", "security", "tools"}
)
"""The sections that `install` may change."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One openclaw.json as it was read. `mode`, `owner`, `group`: as the file system has them."""

    path: Path
    raw: bytes
    tree: JsonObject
    mode: int
    owner: int
    group: int


def locate(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return where OpenClaw looks for its configuration, links followed."""
    if named is None and environ.get("OPENCLAW_CONFIG_PATH"):
        named = Path(environ["OPENCLAW_CONFIG_PATH"])
    if named is None:
        state = environ.get("OPENCLAW_STATE_DIR")
        named = (Path(state) if state else Path.home() / ".openclaw") / NAME
    return named.expanduser().resolve()


def read_config(path: Path) -> ConfigFile:
    """Return the configuration in `path`.

    Raises:
        InputError: it is not there, is not JSON5, or spreads what we change over several files.
    """
    if not path.is_file():
        raise InputError(str(path), "is not there", "set OpenClaw up first (`openclaw onboard`), or give --config FILE")
    raw = read_input(path)
    tree = parse(raw, str(path))
    about = path.stat()
    return ConfigFile(path, raw, tree, about.st_mode & 0o7777, about.st_uid, about.st_gid)


def parse(raw: bytes, what: str) -> JsonObject:
    """Return the object that JSON or JSON5 text describes.

    Raises:
        InputError: it describes none, or includes other files in a section that we change.
    """
    if len(raw) > LIMIT:
        raise InputError(what, f"is larger than {LIMIT} bytes", "is it OpenClaw's configuration?")
    try:
        value = parse_json(raw, what)
    except InputError:
        value = _parse_json5(raw, what)
    if not isinstance(value, dict):
        raise InputError(what, "is not an object", "see `openclaw doctor`")
    _refuse_includes(value, what)
    return value


def _parse_json5(raw: bytes, what: str) -> Json:
    try:
        value = cast("Json", json5.loads(raw.decode("utf-8-sig"), allow_duplicate_keys=False))
    except (ValueError, RecursionError) as error:
        # The parser's words quote the text, in which there may be keys: only the line is told.
        line = _LINE.match(str(error))
        place = f"line {line[1]}" if line else "a key twice, or nothing at all"
        raise InputError(what, f"is not JSON5 ({place})", "`openclaw doctor` says what is wrong") from error
    check_shape(value, what)
    return value


def _refuse_includes(tree: JsonObject, what: str) -> None:
    """Name an `$include` that could hide what we must change, or that OpenClaw would put over our changes."""
    for section in (None, *sorted(TOUCHED)):
        part = tree if section is None else tree.get(section)
        if INCLUDE in part if section is None and isinstance(part, dict) else _includes(part):
            place = section or "its outermost object"
            reason = f"has an $include in {place}, which is not followed: what that file says could not be checked"
            raise InputError(what, reason, "write that section into this file, then run this again")


def _includes(value: Json) -> bool:
    if isinstance(value, dict):
        return INCLUDE in value or any(map(_includes, value.values()))
    return isinstance(value, list) and any(map(_includes, value))


def copies(path: Path) -> dict[str, JsonObject]:
    """Return the copies of `path` that OpenClaw keeps beside it (.bak, .last-good, ...): name -> what it says.

    What cannot be read is no copy that anybody could use.
    """
    found: dict[str, JsonObject] = {}
    for file in sorted(path.parent.glob(f"{path.name}.*"))[:COPIES]:
        try:
            found[file.name] = parse(file.read_bytes(), file.name)
        except (OSError, InputError):
            continue
    return found


def render(tree: JsonObject) -> bytes:
    """Return the text of a configuration, as OpenClaw writes it."""
    return (json.dumps(tree, indent=2, ensure_ascii=False) + "\n").encode()


def replace_config(file: ConfigFile, raw: bytes) -> None:
    """Put `raw` where `file` was read from: the old text or the new, never a part; owner and mode stay.

    Raises:
        UnavailableError: somebody has changed it since, or the disk does not take it.
    """

    def as_before(descriptor: int) -> None:
        os.fchmod(descriptor, file.mode)
        if os.geteuid() == 0:
            os.fchown(descriptor, file.owner, file.group)

    try:
        unchanged = file.path.read_bytes() == file.raw
    except OSError:
        unchanged = False
    if not unchanged:
        raise UnavailableError(str(file.path), "was changed by somebody else just now", "run this again")
    replace_file(file.path, raw, as_before)
