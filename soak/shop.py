"""A shop that notes every act: what was ordered and paid back, under which key, and how long the edge's log was then.

It honours idempotency keys, as its description says, and notes each repeat of one as such.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from soak.journal import Journal

if TYPE_CHECKING:
    from soak.outside import Asked, Log

TEXT: Final = {"type": "string", "pattern": "^[a-z0-9-]{1,40}$"}
KEY: Final = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}


class Shop:
    """The service. An act names itself (`ticket`): so it is found again in what the agent noted."""

    def __init__(self, journal: Journal, log: Log) -> None:
        self._journal = journal
        self._log = log
        self._done: dict[str, dict[str, Any]] = {}

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        """Do what is asked, once for each key."""
        if asked.target == "/openapi.json":
            status, body = 200, description()
        elif asked.method == "POST" and asked.target in {"/orders", "/refunds"}:
            status, body = 201, self._act(asked)
        else:
            status, body = 404, {"error": "there is no such thing"}
        raw = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
        writer.write(head.encode() + raw)
        await writer.drain()

    def _act(self, asked: Asked) -> dict[str, Any]:
        key, ticket = asked.headers.get("idempotency-key", ""), str(json.loads(asked.body)["ticket"])
        try:
            size = self._log.size()
        except sqlite3.Error as error:
            size = -1
            self._journal.note("unreadable", token=ticket, reason=error.sqlite_errorname)
        repeat = bool(key) and key in self._done
        self._journal.note("act", token=ticket, path=asked.target, key=key, repeat=repeat, log=size)
        done = self._done.get(key) or {"ticket": ticket, "number": len(self._done) + 1}
        self._done[key or f"none {len(self._done)}"] = done
        return done


def description() -> dict[str, Any]:
    """Return the shop's OpenAPI description."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/orders": {"post": _operation("take_order", "Take an order")},
            "/refunds": {"post": _operation("refund", "Pay money back to the customer")},
        },
    }


def _operation(name: str, summary: str) -> dict[str, Any]:
    schema = {"type": "object", "required": ["ticket"], "properties": {"ticket": TEXT}}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"default": {"description": "what became of it"}},
    }
