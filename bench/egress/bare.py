"""A proxy that only passes on, on the server and the client that the edge uses: `python -m bench.egress.bare UPSTREAM`.

What is above it is the edge's own work: no proxy in Python on these libraries can cost less. Prints its port.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
import uvicorn
import uvloop

Message = MutableMapping[str, Any]


class Bare:
    """The application. Bodies are read whole, as scanning needs them."""

    def __init__(self, upstream: int) -> None:
        self._origin = f"http://127.0.0.1:{upstream}"
        self._session = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Pass one request on, and its answer back."""
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name != b"host"}
        url = self._origin + scope["raw_path"].decode()
        async with self._session.post(url, data=b"".join(parts), headers=headers) as answer:
            body = await answer.read()
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": body})


async def main() -> None:
    """Serve until it is ended."""
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(Bare(int(sys.argv[1])), http="httptools", lifespan="off", log_config=None, access_log=False)
    await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    uvloop.run(main())
