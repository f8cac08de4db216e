"""Becomes a confined program. What to do is read from a descriptor (`marshal`); why it was not done, told on another.

    this process    waits, and ends as the program did; whoever kills it kills everything below
      first         process 1 of its namespace: when it ends, the kernel ends every process in there, also those that
                    started a session of their own
        program     gives up what it may not have, then becomes the program

Where there are no namespaces this process becomes the program itself. Where something fails that `layers` found to work
on this machine, no program is started. A refusal is the step, a space, and the error's number.
"""

from __future__ import annotations

import marshal
import os
import resource

from safety_core.edge.confine import landlock, powers, rooms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

FAILED = 127
"""Exit status where no program was started; the refusal says why."""
STATUS_OF_SIGNAL = 128
ENOENT, EFAULT = 2, 14
DEFAULT_PATH = b"/usr/local/bin:/usr/bin:/bin"


def main(source: int) -> NoReturn:
    """Do what `source` says. Never returns."""
    with open(source, "rb") as file:
        todo: dict[str, Any] = marshal.loads(file.read())  # noqa: S302 - written by the edge, for us alone
    os.set_inheritable(todo["report"], False)
    try:
        if "probe" in todo:
            os.write(todo["report"], f"{landlock.version()} {_which_rooms()}".encode())
            os._exit(0)
        os._exit(_launch(todo))
    except Exception as error:  # noqa: BLE001 - whatever it is, the program was not started
        _refuse(todo, "confine", error)


def _launch(todo: dict[str, Any]) -> int:
    """Start the program, wait for it, and return its exit status. Where there are no namespaces: become it."""
    powers.end_with_parent()
    if os.getppid() != todo["parent"]:
        return FAILED
    powers.go_first()
    powers.dump_nothing()
    todo["writable"] = rooms.real(todo["writable"])
    for path in todo["groups"]:
        _join(path)
    for number, value in todo["limits"]:
        most = resource.getrlimit(number)[1]
        bound = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(number, (bound, bound))
    if not todo["rooms"]:
        _become(todo)
    rooms.enter(root=todo["rooms"] == "root", network=todo["network"])
    powers.keep_private()
    rooms.arrange(todo["hidden"], todo["writable"], sealed=todo["sealed"])
    if todo["processes"]:
        resource.setrlimit(resource.RLIMIT_NPROC, (todo["processes"], todo["processes"]))
    alive, held = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(held)
        _first(todo, alive)
    _let_go(todo)
    return _status(os.waitpid(first, 0)[1])


def _first(todo: dict[str, Any], alive: int) -> NoReturn:
    """Be the first process of the namespace: start the program, and take in all that is left by others."""
    try:
        powers.end_with_parent()
        os.set_blocking(alive, False)
        try:
            if not os.read(alive, 1):
                os._exit(FAILED)  # the parent ended before the kernel was told to end us with it
        except BlockingIOError:
            pass
        rooms.show_own_processes()
        powers.give_up(root=todo["rooms"] == "root")
        program = os.fork()
        if program == 0:
            os.setsid()
            _become(todo)
        powers.keep_private()
        _let_go(todo)
        while True:
            ended, status = os.wait()
            if ended == program:
                os._exit(_status(status))
    except Exception as error:  # noqa: BLE001 - whatever it is, the program was not started
        _refuse(todo, "confine", error)


def _become(todo: dict[str, Any]) -> NoReturn:
    step = "confine"
    try:
        own = bool(todo["rooms"])
        powers.gain_nothing()
        powers.restore_signals()
        if not own:
            powers.give_up(root=os.geteuid() == 0)
        if todo["landlock"]:
            writable = todo["writable"] if os.geteuid() == 0 or not own else [*todo["writable"], "/proc"]
            landlock.restrict(todo["readable"], writable, todo["hidden"], own_files=own, network=todo["network"])
        step = "start"
        os.chdir(todo["cwd"])
        _execute(todo["argv"], todo["env"])
    except Exception as error:  # noqa: BLE001 - whatever it is, the program was not started
        _refuse(todo, step, error)


def _execute(argv: list[bytes], env: dict[bytes, bytes]) -> NoReturn:
    """Become a program, found as a shell finds it. `os.execvpe` imports a module first, which may be hidden by now."""
    folders = [b""] if b"/" in argv[0] else [folder + b"/" for folder in env.get(b"PATH", DEFAULT_PATH).split(b":")]
    reason: OSError = FileNotFoundError(ENOENT, "no such program")
    for folder in folders:
        try:
            os.execve(folder + argv[0], argv, env)  # noqa: S606
        except (FileNotFoundError, NotADirectoryError) as error:
            reason = reason if isinstance(reason, PermissionError) else error
        except PermissionError as error:
            reason = error
    raise reason


def _refuse(todo: dict[str, Any], step: str, error: Exception) -> NoReturn:
    number = getattr(error, "errno", None) or EFAULT
    os.write(todo["report"], f"{step} {number}".encode())
    os._exit(FAILED)


def _let_go(todo: dict[str, Any]) -> None:
    """Close what is the program's: whoever reads its output sees the end of it when the program closes it."""
    for descriptor in (0, 1, 2, *todo["passed"]):
        os.close(descriptor)


def _join(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"0")
    finally:
        os.close(descriptor)


def _status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else STATUS_OF_SIGNAL - code


def _which_rooms() -> str:
    """Return how this process gets namespaces: "root", "user" or "none"; and whether it can seal file systems there."""
    for name in ("root", "user"):
        for sealed in (True, False):
            if _tried(name, sealed=sealed):
                return f"{name} {'sealed' if sealed else 'open'}"
    return "none open"


def _tried(name: str, *, sealed: bool) -> bool:
    trial = os.fork()
    if trial == 0:
        try:
            rooms.enter(root=name == "root", network=True)
            rooms.arrange([], ["/tmp"], sealed=sealed)  # noqa: S108
            first = os.fork()
            if first == 0:
                rooms.show_own_processes()
                os._exit(0)
            os._exit(_status(os.waitpid(first, 0)[1]))
        except OSError:
            os._exit(1)
    return os.waitpid(trial, 0)[1] == 0
