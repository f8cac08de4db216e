"""The settings `[execute]` -> what agents' commands may do."""

from __future__ import annotations

from typing import Final

from proxy.settings import ExecuteSettings
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

LEAST_MEMORY: Final = 16
"""MiB. A shell and what waits for it fit in."""

MOST: Final = 1 << 30
"""MiB, or processes: more than any machine has."""


def execute_from(source: Reader) -> ExecuteSettings:
    """Return what commands may do. Raises InputError naming the setting."""
    default = ExecuteSettings()
    confine = source.text("confine", "enforce")
    if confine not in {"enforce", "off"}:
        raise InputError(f"{source.path}.confine", 'must be "enforce" or "off"')
    settings = ExecuteSettings(
        confine=confine == "enforce",
        writable=_paths(source, "writable"),
        hidden=_paths(source, "hidden"),
        sockets=_paths(source, "sockets"),
        memory=source.integer("memory", default.memory, minimum=LEAST_MEMORY, maximum=MOST),
        processes=source.integer("processes", default.processes, minimum=1, maximum=MOST),
        file_size=source.integer("file_size", default.file_size, minimum=1, maximum=MOST),
        network=source.flag("network", default.network),
        secrets_in_arguments=source.flag("secrets_in_arguments", default.secrets_in_arguments),
    )
    source.done()
    return settings


def _paths(source: Reader, name: str) -> tuple[str, ...]:
    paths = source.texts(name, ())
    for path in paths:
        if not path.startswith("/"):
            raise InputError(f"{source.path}.{name}", f"has {path}, which is no absolute path")
    return paths
