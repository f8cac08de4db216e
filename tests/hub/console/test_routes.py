"""What no page answers is told to people on a page, and to programs in JSON."""

from __future__ import annotations

import httpx2
import pytest

from tests.simulators.hub import RunningHub

READER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        ("/nowhere", READER, "text/html"),
        ("/v1/nowhere", READER, "text/html"),
        ("/v1/approvals", READER, "text/html"),  # there, but not without a token
        ("/nowhere", READER | {"Sec-Fetch-Dest": "empty"}, "application/json"),
        ("/nowhere", {"Accept": "*/*"}, "application/json"),
        ("/v1/nowhere", {"Accept": "*/*"}, "application/json"),
        ("/v1/approvals", {"Accept": "application/json"}, "application/json"),
    ],
)
async def test_an_address_that_is_none(small_hub: RunningHub, path: str, headers: dict[str, str], kind: str) -> None:
    async with httpx2.AsyncClient(base_url=small_hub.url, timeout=60) as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == (401 if path == "/v1/approvals" else 404)
    assert answer.headers["content-type"].split(";")[0] == kind
