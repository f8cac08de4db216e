"""Which sockets a tenant can make: of its own loopback, and of its own files. A filter of system calls, for good.

A network namespace holds IP and Unix sockets, but not every family: a socket to the machine's hypervisor (AF_VSOCK) or
to a radio of its has no namespace. So the others cannot be made; nor can what makes sockets past this filter
(io_uring). Kernel parts that no tenant needs, and that have often been a way out, are closed by the same filter.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Iterable
from typing import Final

from safety_core.edge.confine.kernel import call
from safety_core.errors import UnavailableError

FAMILIES: Final = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (whose namespace is the network's): linux/socket.h."""

CALLS: Final = {
    "x86_64": (0xC000003E, 41, (248, 249, 250, 298, 321, 323, 425, 426, 427)),
    "aarch64": (0xC00000B7, 198, (217, 218, 219, 241, 280, 282, 425, 426, 427)),
}
"""Machine -> (AUDIT_ARCH, number of socket, numbers of add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd,
io_uring_setup, io_uring_enter, io_uring_register): asm/unistd.h, linux/audit.h."""

_X32: Final = 0x4000_0000
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0000
_KILL: Final = 0x8000_0000
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16  # offsets in struct seccomp_data; the first argument's low half
_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

_Program = list[tuple[int, int, int, int]]


def hold() -> None:
    """Hold this process, and all that it starts, to these families. Needs no_new_privs.

    Raises:
        UnavailableError: this machine's system calls are not known here, or the kernel has no filters.
    """
    machine = platform.machine()
    if machine not in CALLS or sys.byteorder != "little":
        raise UnavailableError("demo tenant", f"cannot be held on this machine ({machine})", "use x86_64 or aarch64")
    code = b"".join(struct.pack("HBBI", *step) for step in program(*CALLS[machine]))
    steps = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(steps))
    try:
        call("prctl", _PR_SET_SECCOMP, _MODE_FILTER, whole, 0, 0)
    except OSError as error:
        reason = f"cannot be held to its own sockets ({error.strerror})"
        raise UnavailableError("demo tenant", reason, "use a kernel with CONFIG_SECCOMP_FILTER") from error


def program(architecture: int, socket: int, closed: Iterable[int]) -> _Program:
    """Return the filter (seccomp(2), BPF): each step is (code, jump if true, jump if false, value)."""
    refused = [(_RETURN, 0, 0, _REFUSE | errno.ENOSYS)]
    steps: _Program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        *refused,
    ]
    for number in closed:
        steps += [(_EQUAL, 0, 1, number), *refused]
    steps += [(_EQUAL, 1, 0, socket), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _FIRST)]
    for family in FAMILIES:
        steps += [(_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    return [*steps, (_RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT)]
