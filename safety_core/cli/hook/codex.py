"""What Codex's own settings must say for our hooks to hold.

It passes over hooks that nobody has trusted, and `codex exec` does so without a word. And it asks no hook about what
its model types into a program that runs in a terminal (tried with 0.171.0: a shell, once begun, took any command).
Without terminals there is nothing to type into.

Its config.toml keeps, in [hooks.state], a hash for each hook by file, event and place. Whether that hash is of the hook
as it is now only Codex can say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from safety_core.canonical import JsonObject
from safety_core.cli.hook.places import is_ours, settings_file
from safety_core.cli.hook.spoken import Host
from safety_core.edge.files import read_toml
from safety_core.wire.lenient import object_of


def untrusted(tree: JsonObject, path: Path, environ: Mapping[str, str]) -> list[str]:
    """Return the events whose hook of ours Codex was never told to trust. `tree`: what `path` says.

    Raises:
        InputError: Codex's config.toml cannot be read.
    """
    state = object_of(object_of(_config(environ).get("hooks")).get("state"))
    return [event for event, key in _places(tree, path) if not object_of(state.get(key)).get("trusted_hash")]


def has_terminals(environ: Mapping[str, str]) -> bool:
    """Tell whether Codex's model may type into a running program. Raises InputError as above."""
    return object_of(_config(environ).get("features")).get("unified_exec_tty") is not False


def _config(environ: Mapping[str, str]) -> JsonObject:
    config = settings_file(Host.CODEX, environ, project=False).with_name("config.toml")
    return read_toml(config) if config.exists() else {}


def _places(tree: JsonObject, path: Path) -> Iterator[tuple[str, str]]:
    """Yield event and key of each of our hooks."""
    for event, entries in object_of(tree.get("hooks")).items():
        word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event).lower()
        for place, entry in enumerate(entries if isinstance(entries, list) else []):
            inner = entry.get("hooks") if isinstance(entry, dict) else None
            for number, one in enumerate(inner if isinstance(inner, list) else []):
                if isinstance(one, dict) and is_ours(str(one.get("command", ""))):
                    yield event, f"{path}:{word}:{place}:{number}"
