"""One log line for each exchange: who asked whom for how much, what was taken out, how long it took. No content.

{"time", "level": "info", "logger": "proxy.watching.access", "message": "exchange", "exchange": id, "agent", "provider",
 "model", "status", "ms", "added_ms", "findings", "input", "output", "cache_read", "estimated", "rule"?}
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from proxy.logs import FIELDS
from proxy.watching.traffic import Finished

TOGETHER_SECONDS: Final = 0.1
"""How long a line waits for others: they are looked through for secrets, and written, in one go."""

TOGETHER: Final = 64
"""Lines that wait at most."""

_log: Final = logging.getLogger(__name__)


class AccessLog:
    """Writes the lines, those of a moment together."""

    def __init__(self) -> None:
        self._waiting: list[dict[str, str | float | bool]] = []

    def tell(self, finished: Finished) -> None:
        """Take in the line of an exchange."""
        if not _log.isEnabledFor(logging.INFO):
            return
        self._waiting.append(_fields(finished))
        if len(self._waiting) >= TOGETHER:
            self.flush()
        elif len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            _log.info("exchange", extra={FIELDS: waiting})


def _fields(finished: Finished) -> dict[str, str | float | bool]:
    prompt, exchange = finished.prompt, finished.exchange
    fields: dict[str, str | float | bool] = {
        "time": round(finished.began + finished.seconds, 3),
        "agent": prompt.agent,
        "provider": prompt.provider,
        "ms": round(finished.seconds * 1e3, 1),
        "added_ms": round(finished.added * 1e3, 2),
    }
    if exchange is None:
        fields["rule"] = "cut off"
    else:
        fields["exchange"] = exchange.id
        fields["model"] = exchange.model
        fields["status"] = exchange.status
        fields["findings"] = exchange.findings
        if exchange.rule:
            fields["rule"] = exchange.rule
        if usage := exchange.usage:
            fields["input"] = usage.input_total
            fields["output"] = usage.output_total
            fields["cache_read"] = usage.cache_read
            fields["estimated"] = usage.estimated
    return fields
