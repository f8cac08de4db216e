"""A host's settings, with our entries or without; what else stands there stays as it is.

{"hooks": {EVENT: [{"matcher"?, "hooks": [{"type": "command", "command", "timeout"}]}]}}
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path

from safety_core.canonical import Json, JsonObject
from safety_core.cli.hook.places import MARGIN, OWN, Wanted, is_ours
from safety_core.edge.files import read_input
from safety_core.errors import InputError
from safety_core.wire.reader import Reader


def read_settings(path: Path) -> JsonObject:
    """Return what the file says; nothing where there is none. Raises InputError: it is no JSON object."""
    raw = read_input(path) if path.exists() else b""
    return Reader.parse(raw, str(path)).whole() if raw.strip() else {}


def with_hooks(tree: JsonObject, wanted: Wanted, path: Path) -> JsonObject:
    """Return the settings with our entries, in place of older ones of ours.

    Raises:
        InputError: hooks stand there in another form.
    """
    new = without_hooks(tree, path)
    hooks = new.setdefault("hooks", {})
    for kind in wanted.kinds:
        entries = hooks.setdefault(kind.value, []) if isinstance(hooks, dict) else None
        if not isinstance(entries, list):  # pragma: no cover - without_hooks has looked
            raise InputError(str(path), "has hooks of another form")
        entries.append(wanted.entry())
    return new


def without_hooks(tree: JsonObject, path: Path) -> JsonObject:
    """Return the settings without our entries, and without what these alone had filled.

    Raises:
        InputError: hooks stand there in another form.
    """
    new = copy.deepcopy(tree)
    hooks = _hooks(new, path)
    for event, entries in [*hooks.items()]:
        kept = [entry for entry in (_without(entry) for entry in _entries(entries, path)) if entry is not None]
        if entries and not kept:
            del hooks[event]
        else:
            hooks[event] = [*kept]
    if not hooks and tree.get("hooks"):
        del new["hooks"]
    return new


def our_commands(tree: JsonObject, path: Path) -> dict[str, list[str]]:
    """Return our commands by event, those that are heard for every call. Raises InputError as above."""
    found = {event: [*_commands(_entries(entries, path))] for event, entries in _hooks(tree, path).items()}
    return {event: commands for event, commands in found.items() if commands}


def _hooks(tree: JsonObject, path: Path) -> JsonObject:
    hooks = tree.get("hooks", {})
    if not isinstance(hooks, dict):
        raise InputError(f"{path}: hooks", "is not an object", "mend the file by hand")
    return hooks


def _entries(entries: Json, path: Path) -> list[JsonObject]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{path}: hooks", "has an event that is not a list of objects", "mend the file by hand")
    return [entry for entry in entries if isinstance(entry, dict)]


def _without(entry: JsonObject) -> JsonObject | None:
    inner = entry.get("hooks")
    if not isinstance(inner, list):
        return entry
    kept = [hook for hook in inner if not _is_our_hook(hook)]
    return {**entry, "hooks": kept} if kept or not inner else None


def _commands(entries: list[JsonObject]) -> Iterator[str]:
    for entry in entries:
        inner = entry.get("hooks")
        for hook in inner if isinstance(inner, list) and entry.get("matcher") in {None, "", "*"} else []:
            if isinstance(hook, dict) and _is_our_hook(hook) and _is_whole(hook):
                yield str(hook["command"])


def _is_whole(hook: JsonObject) -> bool:
    """Tell whether an entry of ours is heard, for every call: one that runs beside it, or is given up early, is not."""
    timeout, waits = hook.get("timeout"), re.findall(r" --wait ([0-9.]+)", str(hook["command"]))
    least = sum(map(float, waits[:1])) + OWN + MARGIN
    plain = hook.get("type") == "command" and {*hook} == {"type", "command", "timeout"}
    return plain and isinstance(timeout, int | float) and timeout >= int(least)


def _is_our_hook(hook: Json) -> bool:
    command = hook.get("command") if isinstance(hook, dict) else None
    return isinstance(command, str) and is_ours(command)
