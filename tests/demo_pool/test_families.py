"""The filter of system calls, on a child of this test: what has no namespace cannot be had."""

from __future__ import annotations

import errno
import json
import platform
import subprocess
import sys

import pytest

from demo_pool.families import CALLS, FAMILIES, program

TRY = """
import ctypes, errno, json, socket
from demo_pool import families, kernel
kernel.no_new_privileges()
families.hold()
libc = ctypes.CDLL(None, use_errno=True)
def made(family):
    result = libc.socket(family, socket.SOCK_DGRAM, 0)
    return 0 if result >= 0 else ctypes.get_errno()
def called(number):
    result = libc.syscall(number, 0, 0, 0, 0, 0)
    return 0 if result >= 0 else ctypes.get_errno()
import platform
print(json.dumps({
    "families": [made(family) for family in range(64)],
    "calls": [called(number) for number in families.CALLS[platform.machine()][2]],
    "pair": len(socket.socketpair()),
}))
"""


def test_a_process_that_is_held_makes_its_own_sockets_alone() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    for family, answer in enumerate(found["families"]):
        assert answer in (
            {0, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT} if family in FAMILIES else {errno.EAFNOSUPPORT}
        )
    assert set(found["calls"]) == {errno.ENOSYS}
    assert found["pair"] == 2


@pytest.mark.parametrize("machine", sorted(CALLS))
def test_every_jump_of_the_filter_lands_inside(machine: str) -> None:
    steps = program(*CALLS[machine])
    assert len(steps) < 4096
    for at, (_, true, false, _) in enumerate(steps):
        assert at + 1 + max(true, false) < len(steps) or (true, false) == (0, 0)
    assert steps[-1][0] == 0x06


def test_this_machine_is_one_of_them() -> None:
    assert platform.machine() in CALLS
