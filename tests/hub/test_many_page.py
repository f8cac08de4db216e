"""docs/many.md with two processes on one PostgreSQL, behind nginx with the settings of deploy/nginx.conf."""

from __future__ import annotations

import asyncio
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from safety_core.cli.main import run
from safety_core.edge import clock
from safety_core.edge.hub import HubClient
from safety_core.model.tool_call import TenantId
from tests.docs.pages import ROOT, blocks
from tests.docs.typed import invocations
from tests.hub.test_events import listening
from tests.simulators.hub import json_of, question
from tests.simulators.hub_process import KEY, HubProcess
from tests.simulators.nginx import Front, nginx
from tests.simulators.postgres import Cluster

ACME = "acme"


@dataclass
class Many:
    """Two processes and the proxy before them. `edge` and `olga` ask through it."""

    one: HubProcess
    other: HubProcess
    edge: HubClient
    olga: httpx2.AsyncClient


def trusting(front: Front) -> HubClient:
    """Return an edge's client that trusts the proxy's certificate, as if an authority had signed it."""
    client = HubClient(front.url, TenantId(ACME), KEY)
    client._http = httpx2.AsyncClient(timeout=60, trust_env=False, verify=front.context())
    return client


@pytest.fixture
async def many(cluster: Cluster, newest: str, tmp_path: Path) -> AsyncIterator[Many]:
    url = cluster.create(f"t{secrets.token_hex(8)}", newest)
    one, other = (HubProcess(tmp_path / "hub", url) for _ in range(2))
    await one.let_in([ACME])
    with ExitStack() as stack:
        for hub in (one, other):
            stack.callback(hub.stop)
        await asyncio.gather(*(asyncio.to_thread(hub.start) for hub in (one, other)))
        front = stack.enter_context(nginx(tmp_path / "nginx", (one.port, other.port)))
        headers = {"Authorization": f"Bearer {one.tokens[ACME]}"}
        olga = httpx2.AsyncClient(
            base_url=front.url, headers=headers, trust_env=False, verify=front.context(), timeout=60
        )
        async with trusting(front) as edge, olga:
            yield Many(one, other, edge, olga)


async def test_a_process_that_is_killed_is_not_missed(many: Many) -> None:
    """Streams come through at once; the one that is left answers everything, and no answer is lost or counts twice."""
    first, second = question(ACME, now=clock.now()), question(ACME, now=clock.now())
    await many.edge.push_approval(first)
    async with listening(many.edge) as stream:
        said = await many.olga.post(f"/v1/approvals/{first.id}/decision", json={"allow": True})
        assert said.status_code == 200, said.text
        assert await stream.next() == "feed"
    many.one.kill()
    for _ in range(4):
        await many.edge.push_approval(second)
    async with listening(many.edge) as stream:
        said = await many.olga.post(f"/v1/approvals/{second.id}/decision", json={"allow": False})
        assert said.status_code == 200, said.text
        assert await stream.next() == "feed"
    told = (await many.edge.decisions(0)).grants
    assert [(grant.request, grant.allow) for grant in told] == [(first.id, True), (second.id, False)]
    assert not json_of(await many.olga.get("/v1/approvals?state=pending"))["approvals"]


def test_a_token_is_drawn_for_each_edge_as_the_page_says(
    cluster: Cluster, newest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = cluster.create(f"t{secrets.token_hex(8)}", newest)
    shown = [block.text for block in blocks(ROOT / "docs/many.md")]
    file = tmp_path / "hub.toml"
    told = next(text for text in shown if "\ndatabase = " in text).replace("/var/lib/safety-hub", str(tmp_path / "hub"))
    file.write_text(re.sub(r'(?m)^database = ".*"$', f'database = "{url}"', told))
    (init,) = (words for text in shown for words in invocations(text) if words[-1] == "init")
    assert run([word.replace("/etc/safety-hub/hub.toml", str(file)) for word in init]) == 0
    assert "kind: hub" in capsys.readouterr().out

    (tmp_path / "tenants.txt").write_text("bakery\n")
    loop = next(text for text in shown if "while read" in text).replace("/etc/safety-hub/hub.toml", str(file))
    here = f'safety() {{ "{sys.executable}" -m safety_core.cli "$@"; }}\nsudo() {{ shift 2; "$@"; }}\nset -eu\n'
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    subprocess.run(["bash", "-c", here + loop], cwd=tmp_path, env=environ, check=True, timeout=200)
    assert (tmp_path / "tokens").stat().st_mode & 0o077 == 0
    assert (tmp_path / "tokens/bakery.token").read_text().strip()
