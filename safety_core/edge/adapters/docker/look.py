"""What reads."""

from __future__ import annotations

import http.client
import json

from safety_core.canonical import Json
from safety_core.edge.adapters.docker import arguments
from safety_core.edge.adapters.docker.engine import Engine, part
from safety_core.edge.adapters.docker.mask import masked
from safety_core.edge.adapters.docker.streams import said
from safety_core.model.tool_call import ToolResult

MOST_LINES = 10_000


def checked(engine: Engine) -> ToolResult:
    """The engine's name and version."""
    found = engine.ask("GET", "/version").object
    parts = found.get("Components") or [{}]
    return ToolResult(f"{parts[0].get('Name', 'Engine')} {found.get('Version', '')}, by its socket")


def listed(engine: Engine) -> ToolResult:
    """Containers: those that run, or all."""
    every = engine.request.flag("all")
    found = engine.ask("GET", "/containers/json", {"all": str(every).lower()}).every
    return _rows(
        engine,
        [
            {
                "id": str(one.get("Id"))[:12],
                "name": (one.get("Names") or [""])[0].lstrip("/"),
                "image": one.get("Image"),
                "state": one.get("State"),
                "status": one.get("Status"),
                "created": one.get("Created"),
            }
            for one in found
        ],
    )


def images(engine: Engine) -> ToolResult:
    """Images."""
    found = engine.ask("GET", "/images/json").every
    shown = {"id": "Id", "tags": "RepoTags", "size": "Size", "created": "Created"}
    return _rows(engine, [{name: one.get(theirs) for name, theirs in shown.items()} for one in found])


def inspected(engine: Engine) -> ToolResult:
    """All that the engine knows of a container or an image, without what may be a secret."""
    kind = arguments.text(engine.request, "kind", "container")
    if kind not in {"container", "image"}:
        raise engine.request.refusal("shows a container or an image", 'kind = "container" or "image"')
    name = (arguments.image_of if kind == "image" else arguments.name_of)(engine.request, "name")
    found = engine.ask("GET", f"/{kind}s/{part(name)}/json").object
    return ToolResult(json.dumps(masked(found), ensure_ascii=False))


def logs(engine: Engine) -> ToolResult:
    """The last lines that a container has said."""
    request = engine.request
    name = arguments.name_of(request, "container")
    tail = request.number("tail", 200, MOST_LINES)
    text, more = spoken(engine, name, str(tail))
    return ToolResult(text, truncated=more)


def spoken(engine: Engine, name: str, tail: str = "all") -> tuple[str, bool]:
    """Return what a container has said, and whether there was more than there is room for."""
    plain = bool(engine.ask("GET", f"/containers/{part(name)}/json").object.get("Config", {}).get("Tty"))
    query = {"stdout": "true", "stderr": "true", "tail": tail}
    with engine.opened("GET", f"/containers/{part(name)}/logs", query) as response:
        try:
            return said(response, engine.request.output, plain=plain)
        except (OSError, http.client.HTTPException) as error:
            raise engine.broken(error) from None


def _rows(engine: Engine, rows: list[dict[str, Json]]) -> ToolResult:
    """Return as many rows as there is room for."""
    kept: list[dict[str, Json]] = []
    room = engine.request.output - 2
    for row in rows:
        room -= len(json.dumps(row)) + 2
        if room < 0:
            break
        kept.append(row)
    return ToolResult(json.dumps(kept), truncated=len(kept) < len(rows))
