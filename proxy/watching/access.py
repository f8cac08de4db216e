"""One log line for each exchange: who asked whom for how much, what was taken out, how long it took. No content.

{"time", "level": "info", "logger": "proxy.watching.access", "message": "exchange", "exchange": id, "agent", "provider",
 "model", "status", "ms", "added_ms", "findings", "input", "output", "cache_read", "estimated", "rule"?}
"""

from __future__ import annotations

import logging
from typing import Final

from proxy.logs import FIELDS
from proxy.watching.traffic import Finished

_log: Final = logging.getLogger(__name__)


def access_line(finished: Finished) -> None:
    """Write the line."""
    if not _log.isEnabledFor(logging.INFO):
        return
    prompt, exchange = finished.prompt, finished.exchange
    fields: dict[str, str | float | bool] = {
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
    _log.info("exchange", extra={FIELDS: fields})
