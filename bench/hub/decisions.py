"""From a decision at the hub to the grant that a waiting call runs by: a real hub, a real edge, and their HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.egress.stage import DEFAULT_PACES
from bench.figure import Figure
from tests.simulators.site import Edge, Site, site

SECTION = "The hub"
CALLS = 100


def figures() -> Iterator[Figure]:
    """Yield within how long 99 of 100 waiting calls may run after somebody has decided."""
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        with here.edge(**DEFAULT_PACES) as edge, ThreadPoolExecutor(1) as caller:
            _await_policy(edge)
            seconds = sorted(_decided(here, edge, caller, count) for count in range(CALLS))
    title = "decided at the hub -> the waiting call may run, 99 of 100 within"
    note = (
        f"{CALLS} calls, one after the other, with the edge's usual settings; half within {seconds[CALLS // 2]:.3f} s"
    )
    yield Figure(SECTION, "hub_decision", title, seconds[(CALLS * 99 - 1) // 100], "s", 1.0, note=note)


def _await_policy(edge: Edge) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and not edge.status().get("policy"):
        time.sleep(0.1)


def _decided(here: Site, edge: Edge, caller: ThreadPoolExecutor, count: int) -> float:
    waiting = caller.submit(edge.decide, "exec", wait=30.0, command=f"rm -r ./old-{count}")
    with here.as_person("approver") as olga:
        asked = _asked(olga)
        time.sleep(0.1)
        began = time.perf_counter()
        answer = olga.post(f"/v1/approvals/{asked}/decision", json={"allow": True})
        assert answer.status_code == 200, answer.text
        decision = waiting.result(60)
        seconds = time.perf_counter() - began
    assert decision["decision"] == "allow", decision
    return seconds


def _asked(olga: Any) -> str:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = olga.get("/v1/approvals?state=pending").json()["approvals"]
        if found:
            return str(found[0]["request"]["id"])
        time.sleep(0.02)
    raise TimeoutError("the question did not come")
