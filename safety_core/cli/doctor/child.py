"""A process that becomes another user for good, makes all tries at the same time, and tells each as it ends.

It is forked, not started anew: the other user need not be able to read our program. It gives up groups, group and user
in that order, and can gain nothing back (no_new_privs). Whatever it opens, it opens as that user.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from safety_core.cli.contain.people import Person
from safety_core.cli.doctor import inward, keys, powers, resolving
from safety_core.cli.doctor.aim import Aim
from safety_core.cli.doctor.outward import OUTWARD_TRIES, Try
from safety_core.cli.doctor.trial import Seen, Trial
from safety_core.wire.posture import Check

GRACE: Final = 8.0
"""Seconds after the longest try, after which what has not ended is given up."""

DETAIL: Final = 1000
"""Characters of one detail."""

_NO_NEW_PRIVS: Final = 38
"""PR_SET_NO_NEW_PRIVS (linux/prctl.h)."""

TRIES: Final[Mapping[Check, Try]] = MappingProxyType(
    {
        **OUTWARD_TRIES,
        Check.DNS_SOCKET: resolving.by_socket,
        Check.RAW_SOCKET: inward.raw_socket,
        Check.LOOPBACK: inward.loopback,
        Check.CONTAINER_SOCKET: inward.containers,
        Check.PROC_ENVIRON: inward.environ,
        Check.PROC_MEMORY: inward.memory,
        Check.PTRACE: inward.ptrace,
        Check.VAULT_FILES: inward.files,
        Check.CONTROL_SOCKET: inward.control_socket,
        Check.EDGE_TOKEN: inward.edge_token,
        Check.KEYS_ENVIRON: keys.in_environ,
        Check.KEYS_CONFIG: keys.in_config,
        Check.ROOT: powers.root,
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One try that has ended. `who`: the key under which its child was started."""

    who: str
    check: Check
    trial: Trial


def trials(aim: Aim, who: Mapping[str, tuple[Person | None, Mapping[Check, Try]]]) -> Iterator[Told]:
    """Yield what came of every try of every child; what did not end is untried.

    Args:
        who: a name for each child -> as whom it tries (None: as who we are), and what.
    """
    children = {name: _start(aim, person, tries) for name, (person, tries) in who.items()}
    left = {(name, check) for name, (_, tries) in who.items() for check in tries}
    try:
        for told in _told(children, aim.seconds + GRACE):
            left.discard((told.who, told.check))
            yield told
    finally:
        for process, reader in children.values():
            os.close(reader)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    for name, check in sorted(left):
        yield Told(name, check, Trial(Seen.UNTRIED, "did not come to an end"))


def _told(children: Mapping[str, tuple[int, int]], seconds: float) -> Iterator[Told]:
    open_, rest = {reader: name for name, (_, reader) in children.items()}, dict.fromkeys(children, b"")
    until = time.monotonic() + seconds
    while open_ and (wait := until - time.monotonic()) > 0:
        for reader in select.select([*open_], [], [], wait)[0]:
            name, raw = open_[reader], os.read(reader, 65536)
            if not raw:
                del open_[reader]
            *lines, rest[name] = (rest[name] + raw).split(b"\n")
            for line in lines:
                check, seen, detail = json.loads(line)
                yield Told(name, Check(check), Trial(Seen(seen), _plain(detail)))


def _plain(detail: str) -> str:
    """Return a detail as it may stand on root's terminal: some of it are names that the agent gave."""
    shown = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in detail[:DETAIL])
    return shown + "..." if len(detail) > DETAIL else shown


def _start(aim: Aim, person: Person | None, tries: Mapping[Check, Try]) -> tuple[int, int]:
    """Return the process id of the child, and where it tells what it finds."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        os.close(writer)
        return process, reader
    status = 1
    try:
        os.dup2(writer, 3)
        os.closerange(4, 65536)
        socket.setdefaulttimeout(aim.seconds)  # of every socket of this process
        if person is not None:
            become(person)
        _try_all(aim, tries, lambda line: os.write(3, line))
        status = 0
    finally:
        os._exit(status)


def become(person: Person) -> None:
    """Become another user for good. Raises OSError where this process may not."""
    try:
        entry = pwd.getpwuid(person.uid)
        group, groups = entry.pw_gid, os.getgrouplist(entry.pw_name, entry.pw_gid)
    except KeyError:
        group, groups = person.uid, [person.uid]
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(person.uid, person.uid, person.uid)
    if ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")


def _try_all(aim: Aim, tries: Mapping[Check, Try], write: Callable[[bytes], object]) -> None:
    with ThreadPoolExecutor(max_workers=len(tries)) as pool:
        running = {pool.submit(attempt, aim): check for check, attempt in tries.items()}
        for ended in as_completed(running):
            error = ended.exception()
            trial = Trial(Seen.UNTRIED, type(error).__name__) if error else ended.result()
            write(json.dumps([running[ended].value, int(trial.seen), trial.detail]).encode() + b"\n")
