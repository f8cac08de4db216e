"""The person who answers questions at the hub, with a key of their own: four times yes, once no."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from typing import Any, Final

import httpx2
from nacl.signing import SigningKey

from safety_core.approve import Answer, answer
from safety_core.errors import SafetyError
from safety_core.model.policy import KeyKind
from safety_core.wire.approvals import grant_to_json, request_from_json
from safety_core.wire.reader import Reader
from soak.journal import Journal

EVERY: Final = 0.3
"""Seconds between two looks into the inbox."""
NO: Final = 5
"""Of so many questions one is answered with a no."""


class Approver:
    """Half of the questions they sign themselves; of the others they let the hub sign the answer."""

    def __init__(self, settings: dict[str, Any], journal: Journal) -> None:
        self._key = SigningKey(bytes.fromhex(settings["key"]))
        self._journal = journal
        headers = {"Authorization": f"Bearer {settings['approver']}"}
        self._hub = httpx2.AsyncClient(base_url=settings["hub"], headers=headers, timeout=5, trust_env=False)

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            with suppress(httpx2.HTTPError, ValueError, KeyError, SafetyError):
                listed = (await self._hub.get("/v1/approvals?state=pending")).json()
                for item in listed["approvals"]:
                    await self._answer(item["request"], listed["approver"])
            await asyncio.sleep(EVERY)

    async def _answer(self, raw: dict[str, Any], name: str) -> None:
        request = request_from_json(Reader(raw, "request"))
        allow = int(request.id, 16) % NO != 0
        body: dict[str, Any] = {"allow": allow}
        if int(request.id[:8], 16) % 2:
            said = Answer(allow, name, "cli", secrets.token_hex(16))
            body = {"grant": grant_to_json(answer(request, self._key, KeyKind.PERSON, said, time.time()))}
        told = await self._hub.post(f"/v1/approvals/{request.id}/decision", json=body)
        self._journal.note("said", request=request.id, allow=allow, own="grant" in body, status=told.status_code)
