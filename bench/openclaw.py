"""What the plugin costs an OpenClaw: a tool call waits for it, a turn is longer by it, and it holds memory.

A call is timed in the plugin's own hooks, called as OpenClaw calls them, against a running edge with 1,000 secrets.
Turns are timed on two real gateways, one with the plugin and one without, turn by turn; both ask the scripted model
directly, which answers at once: with a model that thinks, the share is smaller.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.edge_memory import fill
from bench.figure import Figure
from safety_core.cli.demo.model import Model
from tests.simulators.openclaw import Gateway, install, set_up
from tests.simulators.openclaw_host import PLUGIN, Endpoint, Host
from tests.simulators.scripted_model import Call, Say, script, scripted_model
from tests.simulators.serving import free_port
from tests.simulators.site import Edge, Site, site

SECTION: Final = "The plugin inside OpenClaw"
CALLS: Final = 2000
TURNS: Final = 40
SETTLING: Final = 5
"""Turns of each gateway before any is timed."""

DRIVER: Final = Path(__file__).with_name("openclaw_calls.js")


def figures() -> Iterator[Figure]:
    """Start hub, edge and two gateways, and time calls and turns."""
    with ExitStack() as stack:
        here = stack.enter_context(site())
        stack.enter_context(here.hub())
        here.introduce()
        here.publish()
        fill(here, 1000)
        edge = stack.enter_context(here.edge())
        yield from _calls(here, CALLS)
        yield _turns(here, edge, TURNS)


def _calls(here: Site, number: int) -> list[Figure]:
    command: list[str | Path] = [
        install() / "bin/node",
        "--expose-gc",
        DRIVER,
        PLUGIN,
        here.home.socket,
        here.workspace,
        str(number),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken: dict[str, Any] = json.loads(done.stdout)
    times = sorted(taken["milliseconds"])
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    title = "a tool call waits for plugin and edge: before it runs, and for its result"
    return [
        Figure(SECTION, "openclaw_call", f"{title}, half of the calls within", p50, "ms", 3.0),
        Figure(SECTION, "openclaw_call_p99", "99 of 100 calls within", p99, "ms", 15.0),
        Figure(SECTION, "openclaw_memory", "memory of the plugin, needles included", taken["megabytes"], "MiB", 20.0),
    ]


def _turns(here: Site, edge: Edge, number: int) -> Figure:
    with ExitStack() as stack:
        model = stack.enter_context(scripted_model())
        plain = _gateway(here, "plain", model, None)
        stack.callback(plain.stop)
        guarded = _gateway(here, "guarded", model, edge.ready["control"])
        stack.callback(guarded.stop)
        for gateway in (plain, guarded):
            gateway.await_ready()
        times: dict[Gateway, list[float]] = {plain: [], guarded: []}
        for turn in range(SETTLING + number):
            for gateway, taken in times.items():
                seconds = _turn(gateway, turn)
                if turn >= SETTLING:
                    taken.append(seconds)
    before, after = (statistics.median(times[gateway]) for gateway in (plain, guarded))
    note = (
        f"{before * 1000:.0f} ms without, {after * 1000:.0f} ms with; one call, two answers of a model that is at once"
    )
    return Figure(SECTION, "openclaw_turn", "a turn with the plugin / without", after / before, "x", 1.03, note=note)


def _gateway(here: Site, name: str, model: Model, socket: str | None) -> Gateway:
    """Start an OpenClaw, guarded where there is an edge to ask."""
    folder = here.folder / name
    folder.mkdir()
    host = Host(folder, here.workspace, free_port(), {"m": Endpoint(model.url, "none")}, {"main": "m"}, model.url)
    set_up(host)
    path = folder / "openclaw.json"
    config = json.loads(path.read_bytes())
    del config["channels"], config["bindings"]
    config["plugins"] = {"allow": ["safety-gateway"], "load": {"paths": []}, "entries": {}}
    if socket is not None:
        config["plugins"]["load"]["paths"] = [str(PLUGIN)]
        config["plugins"]["entries"]["safety-gateway"] = {
            "enabled": True,
            "hooks": {"allowConversationAccess": True, "timeoutMs": 360_000},
            "config": {"socket": socket},
        }
    path.write_text(json.dumps(config))
    return Gateway(host)


def _turn(gateway: Gateway, number: int) -> float:
    prompt = script(Call("exec", {"command": f"echo {number}"}), Say("done"))
    began = time.perf_counter()
    turn = gateway.say(f"turn {number} {prompt}", session="agent:main:bench")
    if turn.state != "final" or turn.text != "done":
        raise RuntimeError(f"turn {number} ended otherwise: {turn}")
    return time.perf_counter() - began
