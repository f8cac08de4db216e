"""A container of its own. Its label is made of the call's key: a second try finds the first one's container.

What could reach beyond the container is refused, however the call was judged: rights over the machine, its network,
its processes, its files outside of the folder that the operator opened.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any, Final

from safety_core.canonical import Json, JsonObject
from safety_core.edge.adapters.docker import arguments
from safety_core.edge.adapters.docker.engine import Answer, Engine, part
from safety_core.edge.adapters.docker.look import spoken
from safety_core.errors import ExecutionError, UncertainError
from safety_core.model.tool_call import ToolResult, Undo

LABEL: Final = "safety.act"
FIELDS: Final = frozenset({"source", "target", "read_only"})
SHAPE: Final = "must be a list of {source, target, read_only}"
NETWORK: Final = re.compile(
    r"(?!host$|container$|default$|private$|ns$|slirp4netns$|pasta$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
)
MEMORY_MIB: Final = 512
MOST_MIB: Final = 65_536
PROCESSES: Final = 256
TAKEN: Final = 409
UNCHANGED: Final = 304
FAILED: Final = 500
APPEARS_SECONDS: Final = 5.0
"""How long a container that another try is making may take to appear."""


def ran(engine: Engine) -> ToolResult:
    """Start a container; wait for its end unless it is to run on."""
    request = engine.request
    act = hashlib.sha256(request.key.encode()).hexdigest()
    name = arguments.name_of(request, "name", f"safety-{act[:16]}")
    remove, detach = request.flag("remove"), request.flag("detach")
    wanted = _wanted(engine, act)
    found = _known(engine, act)
    if found is None and request.again and remove:
        raise request.uncertain("may have run it in an earlier try, and removed it")
    earlier = found is not None and found.get("State") not in {"created", "configured"}
    number = str(found["Id"]) if found else _created(engine, name, act, wanted)
    if not earlier:
        engine.ask("POST", f"/containers/{part(number)}/start", known=frozenset({UNCHANGED}))
    engine.acted = True
    done: JsonObject = {"container": name, "id": number[:12]}
    if earlier:
        done["already_done"] = True
    if detach:
        undo = Undo("docker_remove", {"connection": request.connection.name, "name": number, "force": True})
        return ToolResult(json.dumps(done), undo=undo)
    status = _ended(engine, number)
    output, more = spoken(engine, number)
    if remove:
        engine.ask("DELETE", f"/containers/{part(number)}", {"force": "true"})
    return ToolResult(output, status, more)


def _known(engine: Engine, act: str) -> dict[str, Any] | None:
    filters = json.dumps({"label": [f"{LABEL}={act}"]})
    found = engine.ask("GET", "/containers/json", {"all": "true", "filters": filters}).every
    return found[0] if found else None


def _created(engine: Engine, name: str, act: str, wanted: JsonObject) -> str:
    answer = engine.ask("POST", "/containers/create", {"name": name}, wanted, known=frozenset({TAKEN, FAILED}))
    if answer.status < TAKEN:
        return str(answer.object["Id"])
    taken = answer.status == TAKEN or "in use" in str(
        answer.object.get("message")
    )  # Podman fails where Docker conflicts
    until = time.monotonic() + min(APPEARS_SECONDS, engine.left)
    while taken and time.monotonic() < until:  # an earlier try may still be making it
        found = _known(engine, act)
        if found is not None:
            return str(found["Id"])
        time.sleep(0.2)
    raise engine.refused(answer)


def _ended(engine: Engine, number: str) -> int:
    """Wait for the container's end; return its exit status. One that takes too long is ended."""
    try:
        answer: Answer = engine.ask("POST", f"/containers/{part(number)}/wait")
    except UncertainError:
        engine.allow(2.0)
        try:
            engine.ask("POST", f"/containers/{part(number)}/kill", known=frozenset({TAKEN, FAILED}))
        except ExecutionError:
            raise engine.request.uncertain("runs a container that could not be waited for, nor ended") from None
        raise engine.request.uncertain(f"ran it for {engine.request.timeout:g} seconds and ended it") from None
    return int(answer.object.get("StatusCode", 0))


def _wanted(engine: Engine, act: str) -> JsonObject:
    """Return the container as the engine is told to make it."""
    request = engine.request
    words = arguments.command(request)
    megabytes = request.number("memory", MEMORY_MIB, MOST_MIB)
    host: JsonObject = {
        "NetworkMode": _network(engine),
        "Memory": megabytes * 1024 * 1024,
        "PidsLimit": PROCESSES,
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": request.flag("read_only"),
        "Privileged": False,
        "AutoRemove": False,
        "Mounts": _mounts(engine),
    }
    body: JsonObject = {
        "Image": arguments.image_of(request, "image"),
        "Env": [*arguments.environment(request)],
        "Labels": {LABEL: act},
        "WorkingDir": arguments.text(request, "workdir"),
        "User": arguments.text(request, "user"),
        "HostConfig": host,
    }
    if words is not None:
        body["Cmd"] = [*words]
    return body


def _network(engine: Engine) -> str:
    network = arguments.text(engine.request, "network", "none")
    if not NETWORK.fullmatch(network):
        raise ExecutionError(
            "argument network", "must be none, bridge, or a network of the engine, never the machine's"
        )
    return network


def _mounts(engine: Engine) -> list[Json]:
    """Return the folders of this machine that the container sees: below the one that the operator opened."""
    given = engine.request.arguments.get("mounts", [])
    opened = engine.request.option("mounts")
    if not isinstance(given, list):
        raise ExecutionError("argument mounts", SHAPE)
    if given and not opened:
        raise engine.request.refusal(
            "lets no container see files of this machine", 'options = { mounts = "/srv/shared" }'
        )
    return [_mount(one, Path(opened)) for one in given]


def _mount(one: Json, opened: Path) -> Json:
    mount = one if isinstance(one, dict) else {}
    source, target = mount.get("source"), mount.get("target")
    if (
        not isinstance(source, str)
        or not isinstance(target, str)
        or not target.startswith("/")
        or mount.keys() - FIELDS
    ):
        raise ExecutionError("argument mounts", SHAPE)
    real = (opened / source).resolve()  # links followed, as the engine does
    if not real.is_relative_to(opened.resolve()) or not real.is_dir():
        raise ExecutionError("argument mounts", "must name a folder below the one that the operator opened")
    return {"Type": "bind", "Source": str(real), "Target": target, "ReadOnly": mount.get("read_only") is not False}
