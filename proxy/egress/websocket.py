"""The WebSocket protocol of the egress, loaded when the first client asks for one: it costs the edge 1.5 MiB."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from proxy.providers.realtime import MESSAGE_BYTES

OPTIONS: Final[dict[str, Any]] = {
    "ws_max_size": MESSAGE_BYTES,
    "ws_per_message_deflate": False,  # a small message would make a large one
}
"""What uvicorn has to know of it."""


def late_protocol(*arguments: Any, **named: Any) -> asyncio.Protocol:
    """Return uvicorn's protocol for one connection."""
    from proxy.egress.websocket_protocol import SocketProtocol

    return SocketProtocol(*arguments, **named)
