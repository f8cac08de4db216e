"""The first process of a tenant. With its end the kernel ends all others, and takes back memory, files and network."""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType

from demo_pool import kernel
from safety_core.edge.private_memory import keep_memory_private


def main() -> None:
    """Start the stage, take in orphans, and end with the stage or at the hour, whichever is first."""
    told = json.loads(sys.stdin.readline())
    kernel.die_with_parent()
    keep_memory_private()
    signal.signal(signal.SIGALRM, _end)
    signal.alarm(told["seconds"])
    stage = os.fork()
    if not stage:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        from demo_pool.tenant.stage import run  # late: the first process needs none of it

        run(told["origin"], told["control"])
        os._exit(0)
    os.close(told["control"])
    while os.wait()[0] != stage:
        pass
    os._exit(0)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)


if __name__ == "__main__":
    main()
