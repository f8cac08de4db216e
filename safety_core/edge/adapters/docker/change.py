"""What changes containers, images, volumes and networks. Each can be done again: the engine says that it is done."""

from __future__ import annotations

import http.client
import json
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.edge.adapters.docker import arguments
from safety_core.edge.adapters.docker.engine import Answer, Engine, part
from safety_core.model.tool_call import ToolResult, Undo

KINDS: Final = {"container": "containers", "image": "images", "volume": "volumes", "network": "networks"}
PRUNED: Final = ("containers", "images", "volumes", "networks")
UNCHANGED: Final = 304
ABSENT: Final = 404
GRACE_SECONDS: Final = 10
"""How long a container may take to stop by itself."""


def started(engine: Engine) -> ToolResult:
    """Start a container. Taken back by stopping it, where it did not run before."""
    return _state(engine, "start", {}, "docker_stop")


def stopped(engine: Engine) -> ToolResult:
    """Stop a container. Taken back by starting it, where it ran before."""
    return _state(engine, "stop", {"t": str(_grace(engine))}, "docker_start")


def restarted(engine: Engine) -> ToolResult:
    """Stop and start a container."""
    if engine.request.again:
        raise engine.request.uncertain("may have restarted it in an earlier try")
    return _state(engine, "restart", {"t": str(_grace(engine))}, "")


def removed(engine: Engine) -> ToolResult:
    """Delete one container, image, volume or network."""
    request = engine.request
    what = arguments.text(request, "what", "container")
    if what not in KINDS:
        raise request.refusal("has no such thing to delete", "what: " + ", ".join(KINDS))
    name = (arguments.image_of if what == "image" else arguments.name_of)(request, "name")
    query = {"force": "true"} if request.flag("force") else {}
    known = frozenset({ABSENT}) if request.again else frozenset()
    answer = engine.ask("DELETE", f"/{KINDS[what]}/{part(name)}", query, known=known)
    done: JsonObject = {"removed": name}
    return _done({**done, "already_done": True} if answer.status == ABSENT else done)


def pruned(engine: Engine) -> ToolResult:
    """Delete what nothing uses."""
    what = arguments.text(engine.request, "what")
    if what not in (*PRUNED, "all"):
        raise engine.request.refusal("has no such things to delete", "what: all, " + ", ".join(PRUNED))
    found: JsonObject = {}
    for kind in PRUNED if what == "all" else (what,):
        filters = {"filters": json.dumps({"dangling": ["false"]})} if kind == "images" else {}
        answer = engine.ask("POST", f"/{kind}/prune", filters).object
        gone = next((value for name, value in answer.items() if name.endswith("Deleted")), None) or []
        found[kind] = {"removed": len(gone), "bytes": answer.get("SpaceReclaimed", 0)}
    return _done(found)


def pulled(engine: Engine) -> ToolResult:
    """Fetch an image from its registry."""
    image = arguments.image_of(engine.request, "image")
    whole = image if _tagged(image) else image + ":latest"
    with engine.opened("POST", "/images/create", {"fromImage": whole}) as response:
        try:
            if response.status >= 300:
                raise engine.refused(Answer(response.status, _last(response.read(64 * 1024))))
            last = b""
            while row := response.readline(64 * 1024):
                last = row if row.strip() else last
                if b'"error"' in row:
                    raise engine.refused(Answer(response.status, {"message": _last(row).get("error", "")}))
        except (OSError, http.client.HTTPException):
            raise engine.request.uncertain("was cut off while it fetched the image") from None
    return _done({"image": image, "status": str(_last(last).get("status", "done"))[:200]})


def _state(engine: Engine, verb: str, query: dict[str, str], back: str) -> ToolResult:
    name = arguments.name_of(engine.request, "container")
    answer = engine.ask("POST", f"/containers/{part(name)}/{verb}", query, known=frozenset({UNCHANGED}))
    if answer.status == UNCHANGED:
        return _done({"container": name, "changed": False})
    undo = Undo(back, {"connection": engine.request.connection.name, "container": name}) if back else None
    return ToolResult(json.dumps({"container": name, "changed": True}), undo=undo)


def _grace(engine: Engine) -> int:
    return max(1, min(GRACE_SECONDS, int(engine.left / 2)))


def _tagged(image: str) -> bool:
    return ":" in image.rpartition("/")[2] or "@" in image


def _last(raw: bytes) -> JsonObject:
    try:
        found = json.loads(raw.strip().rpartition(b"\n")[2] or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _done(answer: JsonObject) -> ToolResult:
    return ToolResult(json.dumps(answer))
