"""Telegram's Bot API on loopback: people who write to a bot and press its buttons, and all that the bot sent.

with telegram() as messenger:
    ...                                            # a bot polls messenger.url
    messenger.write("hello", sender=OWNER)
    messenger.await_sent(lambda sent: sent.chat == OWNER)
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

OWNER: Final = 7001
"""The person who owns the bot."""

NEIGHBOUR: Final = 7002
"""Another person who writes to it."""

STRANGER: Final = 7999
"""A person who has never written to the bot."""

BOT: Final = {"id": 42, "is_bot": True, "first_name": "Bot", "username": "bakery_bot"}
SENT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Button:
    """What a person can press below a message. `data`: what the bot is told then."""

    label: str
    data: str


@dataclass(frozen=True)
class Sent:
    """One message that the bot sent or changed."""

    method: str
    chat: int
    text: str
    buttons: tuple[Button, ...]
    message: int


@dataclass
class Telegram:
    """The server. `calls`: every request of the bot but its polling, as (method, raw body)."""

    url: str = ""
    calls: list[tuple[str, bytes]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    _closed: bool = False
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _messages: int = 0
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def write(self, text: str, *, sender: int = OWNER) -> None:
        """Let a person write to the bot."""
        with self._lock:
            self._update(message={**self._message(sender, text), "from": _person(sender)})

    def press(self, sent: Sent, button: Button, *, sender: int = OWNER) -> None:
        """Let a person press a button."""
        with self._lock:
            message = {
                "message_id": sent.message,
                "date": int(time.time()),
                "chat": _chat(sent.chat),
                "text": sent.text,
            }
            query = {"id": f"q{len(self._updates)}", "from": _person(sender), "message": message}
            self._update(callback_query={**query, "chat_instance": "c", "data": button.data})

    def await_sent(self, wanted: Callable[[Sent], bool], *, after: int = 0) -> Sent:
        """Return the first message that fits, among those after the first `after`."""
        with self._lock:
            done = self._lock.wait_for(lambda: [*filter(wanted, self.sent[after:])], SENT_SECONDS)
        assert done, f"no such message: {self.sent[after:]}"
        return done[0]

    def _update(self, **content: Any) -> None:
        self._updates.append({"update_id": len(self._updates) + 1, **content})

    def _message(self, chat: int, text: str) -> dict[str, Any]:
        self._messages += 1
        return {"message_id": self._messages, "date": int(time.time()), "chat": _chat(chat), "text": text}

    def hang_up(self) -> None:
        """Let no poll wait any longer."""
        self._closed = True

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one call of the bot."""
        method = request.match_info["method"]
        raw = await request.read()
        params: dict[str, Any] = (
            {**await request.post()} if "json" not in request.content_type else json.loads(raw or b"{}")
        )
        if method == "getUpdates":
            return _ok(await self._poll(int(params.get("offset") or 0), float(params.get("timeout") or 0)))
        with self._lock:
            self.calls.append((method, raw))
            result = self._result(method, params)
            self._lock.notify_all()
        return _ok(result)

    async def _poll(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        end = time.monotonic() + min(seconds, POLL_SECONDS)
        while True:
            with self._lock:
                found = [update for update in self._updates if update["update_id"] >= offset]
            if found or self._closed or time.monotonic() >= end:
                return found
            await asyncio.sleep(0.02)

    def _result(self, method: str, params: Mapping[str, Any]) -> Any:
        if method == "getMe":
            return BOT
        if method == "getWebhookInfo":
            return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        if not (method.startswith(("send", "editMessage")) and "chat_id" in params) or method == "sendChatAction":
            return True
        chat = int(params["chat_id"])
        text = _text(params)
        message = self._message(chat, text)
        number = int(params.get("message_id") or message["message_id"])
        self.sent.append(Sent(method, chat, text, _buttons(params.get("reply_markup")), number))
        return {**message, "message_id": number, "from": BOT}


@contextmanager
def telegram() -> Generator[Telegram, None, None]:
    """Run the server in a thread of its own."""
    messenger = Telegram()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="telegram")
    thread.start()
    application = web.Application()
    application.router.add_route("*", "/bot{token}/{method}", messenger.answer)
    runner = web.AppRunner(application, shutdown_timeout=2)
    try:
        messenger.url = asyncio.run_coroutine_threadsafe(_listen(runner), loop).result()
        yield messenger
    finally:
        messenger.hang_up()
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(runner: web.AppRunner) -> str:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    return f"http://{host}:{port}"


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _text(params: Mapping[str, Any]) -> str:
    """Return what people read: the text, the caption, or a rich message as it is."""
    return next(
        (str(params[name]) for name in ("text", "caption") if params.get(name)), json.dumps(params, default=str)
    )


def _buttons(markup: Any) -> tuple[Button, ...]:
    parsed = json.loads(markup) if isinstance(markup, str) else markup or {}
    rows = parsed.get("inline_keyboard", [])
    return tuple(Button(button["text"], button.get("callback_data", "")) for row in rows for button in row)


def _person(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Olga" if number == OWNER else "Somebody"}


def _chat(number: int) -> dict[str, Any]:
    return {"id": number, "type": "private", "first_name": _person(number)["first_name"]}
