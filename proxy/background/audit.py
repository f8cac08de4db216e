"""That the whole audit log is what was signed: a start looks at its head alone, and somebody may have been at the disk.

What is found stands in the status and in the heartbeat. Calls go on: what is appended is signed on top of the hashes
that hold, and the damaged file is the evidence.
"""

from __future__ import annotations

import logging
from typing import Final

from safety_core.edge.audit_log import AuditLog

AGAIN_SECONDS: Final = 86400.0
"""Between two readings of the whole log; the first one begins with the edge."""

_log = logging.getLogger(__name__)


async def read_through(audit: AuditLog) -> None:
    """Read the log through, and say in the edge's own log what does not hold. Raises UnavailableError."""
    await audit.read_through()
    if audit.last_read is not None and audit.last_read.damage:
        told = "the audit log does not hold: %s. Keep the file, and run `safety audit verify`"
        _log.error(told, "; ".join(audit.last_read.damage))
