"""Which files a connection needs, so that the child which serves it gets these and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from safety_core.canonical import Json
from safety_core.edge.adapters.request import Request
from safety_core.edge.confine.confinement import TEMPORARY, Confinement
from safety_core.edge.confine.service import of_service

FILES: Final = ("ca",)
"""Options whose value is the path of a file that is read."""


def confinement_for(request: Request, commands: Confinement | None) -> Confinement | None:
    """Return what the child may do that serves `request`.

    Args:
        commands: what agents' commands may do; None: nothing is confined.
    """
    connection = request.connection
    url = urlsplit(connection.target)
    if connection.adapter == "mcp" and url.scheme not in {"http", "https"}:
        return _of_program(request, commands)
    readable = [str(connection.options[name]) for name in FILES if connection.options.get(name)]
    writable = []
    if url.scheme == "sqlite":  # beside the file lie its journal and its locks
        writable.append(str(PurePosixPath("/", unquote(url.path).lstrip("/")).parent))
    if (connection.adapter, request.operation) == ("mail", "save"):  # an attachment, as a new file
        writable.append(request.workspace)
    return of_service(commands, readable=[*readable, request.workspace], writable=writable)


def _of_program(request: Request, commands: Confinement | None) -> Confinement | None:
    """Return what a server may do that is a program: read its own files, and use as much memory as commands may."""
    options = request.connection.options
    words = [word for word in request.connection.target.split() if word.startswith("/")]
    readable = [*words, *_paths(options.get("directory")), *_paths(options.get("readable"))]
    confinement = of_service(commands, readable=readable, writable=[*TEMPORARY, *_paths(options.get("writable"))])
    if confinement is None or commands is None:
        return None
    return replace(confinement, memory=commands.memory, processes=commands.processes)


def _paths(value: Json) -> list[str]:
    """Return the paths that an option names: one, or a list of them."""
    return [path for path in (value if isinstance(value, list) else [value]) if isinstance(path, str) and path]
