"""A process that appends to an audit log until it is killed; it prints the index of each acknowledged entry."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from nacl.signing import SigningKey

from safety_core.edge.audit_log import AuditLog
from safety_core.model.record import AuditEntry, Event


async def main() -> None:
    """Append, print the index, and so on."""
    log = await AuditLog.open(Path(sys.argv[1]), SigningKey(b"\x01" * 32))
    try:
        while True:
            size = await log.size()
            index = await log.append(AuditEntry(float(size), Event.PROPOSED, call=str(size)))
            print(index, flush=True)
    finally:
        await log.aclose()


if __name__ == "__main__":
    asyncio.run(main())
