"""Connections to providers that serve one request after the other. What comes on one that nobody has asked anything is
no answer: it would be taken for that of the next request, which may be another agent's, and so would each one after it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler


class KeptConnection(ResponseHandler):
    """One connection. `asked`: a request has been written, and its answer has not come to its end."""

    asked = False

    def data_received(self, data: bytes) -> None:
        """Take what answers a request; anything else ends the connection."""
        if data and not self.asked:
            return self.abort()
        super().data_received(data)
        error, body = self.exception(), self._payload
        if error is not None and body is not None and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("the body is cut wrongly"), error)  # or it is waited for
        if self._buffer and not self.asked:  # a second answer came with the end of the first
            self.abort()
        return None


class KeptConnections(aiohttp.TCPConnector):
    """Makes such connections, and keeps them between two requests."""

    def __init__(self, **named: Any) -> None:
        super().__init__(limit=0, **named)
        self._factory: Any = partial(KeptConnection, loop=self._loop)

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        if isinstance(protocol, KeptConnection):
            protocol.asked = False
        super()._release(key, protocol, should_close=should_close)
