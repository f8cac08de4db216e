"""Chat services and the rest, through `apprise` in a child process, started only where there is something to send."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from hub.notices.refusals import UndeliverableError
from hub.notices.wording import Message
from safety_core.errors import InputError, UnavailableError

CHILD: Final = Path(__file__).with_name("apprise_child.py")

SECONDS: Final = 30.0
"""For one message, with the start of the child: it loads two hundred modules."""

URL: Final = re.compile(r"([a-z][a-z0-9]{1,30})://[\x21-\x7e]{1,2000}")

WORDS: Final = {"tgram": "telegram", "ntfys": "ntfy", "gotifys": "gotify", "matrixs": "matrix", "mailtos": "mailto"}
"""apprise's schemas -> the names of channels in policies, where they differ."""

OWN: Final = frozenset({"console", "cli", "api", "push", "email", "hub"})
"""Names of our own channels: an apprise service never goes by one, so a policy means what it says."""


def channel_word(url: str) -> str:
    """Return a channel's name as policies know it, or raise InputError."""
    found = URL.fullmatch(url)
    if found is None:
        raise InputError("channel URL", "must be an apprise URL such as tgram://TOKEN/CHAT")
    word = WORDS.get(found[1], found[1])
    return f"apprise-{word}" if word in OWN else word


class Chat:
    """The child process, started at the first message."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def send(self, url: str, message: Message) -> None:
        """Send one message.

        Raises:
            UndeliverableError: not an URL that apprise knows.
            UnavailableError: not this time.
        """
        ok, reason = await self._ask({"url": url, "title": message.title, "body": message.text, "check": False})
        if not ok and reason.startswith("is not"):
            raise UndeliverableError("channel", reason, "remove it and add it anew")
        if not ok:
            raise UnavailableError("channel", reason)

    async def check(self, url: str) -> str:
        """Return which service a URL is for, or raise InputError."""
        ok, reason = await self._ask({"url": url, "title": "", "body": "", "check": True})
        if not ok:
            raise InputError("channel URL", reason, "see the list of services of apprise")
        return reason

    async def _ask(self, asked: dict[str, object]) -> tuple[bool, str]:
        async with self._turn:
            try:
                async with asyncio.timeout(SECONDS):
                    return await self._exchange({**asked, "private": self._private})
            except (OSError, ValueError, KeyError) as error:  # TimeoutError is an OSError
                await self.close()
                raise UnavailableError("channel", "cannot be spoken to", "is the extra `channels` there?") from error

    async def _exchange(self, asked: dict[str, object]) -> tuple[bool, str]:
        child = self._child
        if child is None or child.returncode is not None:
            pipe = asyncio.subprocess.PIPE
            child = self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(CHILD),
                stdin=pipe,
                stdout=pipe,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},  # no key, no proxy of ours
                cwd="/",
            )
        if child.stdin is None or child.stdout is None:
            raise OSError("no pipes")
        child.stdin.write(json.dumps(asked).encode() + b"\n")
        await child.stdin.drain()
        answer = json.loads(await child.stdout.readline())
        return bool(answer["ok"]), str(answer["reason"])

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()


@asynccontextmanager
async def opened(*, private: bool) -> AsyncGenerator[Chat, None]:
    """Open a way to chat services; the child ends with the block."""
    chat = Chat(private=private)
    try:
        yield chat
    finally:
        await chat.close()
