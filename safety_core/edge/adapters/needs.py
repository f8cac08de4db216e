"""Which files a connection needs, so that the child which serves it gets these and no others."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from safety_core.edge.adapters.request import Request
from safety_core.edge.confine.confinement import Confinement
from safety_core.edge.confine.service import of_server, of_service

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
        return of_server(commands)
    readable = [str(connection.options[name]) for name in FILES if connection.options.get(name)]
    writable = []
    if url.scheme == "sqlite":  # beside the file lie its journal and its locks
        writable.append(str(PurePosixPath("/", unquote(url.path).lstrip("/")).parent))
    if (connection.adapter, request.operation) == ("mail", "save"):
        writable.append(request.workspace)
    return of_service(commands, readable=[*readable, request.workspace], writable=writable)
