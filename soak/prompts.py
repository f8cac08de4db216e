"""Prompts, streamed and whole, half of them with a secret. None is sent again: each is in the provider's books once."""

from __future__ import annotations

import itertools
import json
import random
from typing import IO, Any, Final

import httpx2

from soak.journal import Journal

OF_ONE_NAME: Final = 20
"""Prompts to one model's name: fewer than the provider can tell apart, should one of them come twice."""


class Prompts:
    """A program that speaks to the model through the edge."""

    def __init__(self, settings: dict[str, Any], journal: Journal, received: IO[bytes], chance: random.Random) -> None:
        headers = {"Authorization": f"Bearer {settings['client']}"}
        base = f"http://127.0.0.1:{settings['egress']}"
        self._edge = httpx2.AsyncClient(base_url=base, headers=headers, timeout=20, trust_env=False)
        self._journal = journal
        self._received = received
        self._random = chance
        self._planted = [*settings["planted"].values()]
        self._numbers = itertools.count()

    async def send(self) -> None:
        """Send one, and note whether its answer came whole."""
        number = next(self._numbers)
        token, model, stream = f"m{number:06}", f"soak-{number // OF_ONE_NAME:05}", self._random.random() < 0.5
        secret = self._random.choice(self._planted) if self._random.random() < 0.5 else "nothing"
        text = f"prompt {token} says {secret} and asks for bread"
        body = {"model": model, "user": token, "stream": stream, "messages": [{"role": "user", "content": text}]}
        self._journal.note("prompt", token=token, model=model, stream=stream)
        status, whole = 0, False
        try:
            answer = await self._edge.post("/openai/v1/chat/completions", json=body)
            self._received.write(answer.content + b"\n")
            status, whole = answer.status_code, answer.status_code == 200 and is_whole(answer.content, stream=stream)
        except httpx2.HTTPError:
            pass
        self._journal.note("told", token=token, model=model, status=status, whole=whole)


def is_whole(content: bytes, *, stream: bool) -> bool:
    """Tell whether an answer has come to its end: not one that ends in an error."""
    if stream:
        return content.endswith(b"data: [DONE]\n\n") and b'"error"' not in content
    return "choices" in json.loads(content)
