"""Recorded calls from files: opened, read, counted on their way, and shown without what is secret in them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from safety_core.edge.home import Home
from safety_core.edge.pattern_cache import load_patterns
from safety_core.errors import InputError, SafetyError
from safety_core.match.matcher import Matcher
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.redact.redactor import Redactor
from safety_core.wire.recorded_calls import RecordedCall, recorded_calls

STDIN: Final = Path("-")
FORM: Final = 'give a call as JSON in one line: {"tool": "exec", "params": {"command": "ls"}}'

_KEY: Final = hashlib.sha256(b"safety policy").digest()
"""Names what is found in a call; the names are the same on every machine."""

_COMMANDS: Final = ("command", "cmd", "script")
"""Arguments that say by themselves what a call is."""


class Recordings:
    """Recorded calls in files, "-" for standard input.

    Attributes:
        unreadable: lines that hold no call, as errors.
    """

    def __init__(self, paths: Sequence[Path], workspace: str) -> None:
        self._paths = paths
        self._workspace = workspace
        self.unreadable: list[InputError] = []
        self.calls = 0

    def read(self, advance: Callable[[int], object] = lambda size: None) -> Iterator[RecordedCall]:
        """Yield every call, in order. `advance` is told of the bytes that were read.

        Raises:
            InputError: a file cannot be read, or nothing in any of them is a call.
        """
        for path in self._paths:
            for found in recorded_calls(_lines(path, advance), path.name, self._workspace):
                if isinstance(found, InputError):
                    self.unreadable.append(found)
                else:
                    self.calls += 1
                    yield found
        if not self.calls and self.unreadable:
            raise mended(self.unreadable[0])

    @property
    def size(self) -> int:
        """Bytes of all files; 0 where that is not known."""
        return 0 if STDIN in self._paths else sum(path.stat().st_size for path in self._paths if path.is_file())


def mended(error: InputError) -> InputError:
    """Return why a line holds no call, with what a call looks like."""
    return InputError(error.thing, error.reason, error.fix or FORM)


def _lines(path: Path, advance: Callable[[int], object]) -> Iterator[bytes]:
    try:
        with sys.stdin.buffer if path == STDIN else path.open("rb") as file:
            for line in file:
                advance(len(line))
                yield line
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "is the path right?") from error


class Showing:
    """Says in one line what a call is. Secrets are taken out first, as `safety scan` finds them."""

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self._redactor = Redactor(Matcher(Registry({}), load_patterns(patterns, Home.default().cache)), _KEY)

    def line(self, call: RecordedCall) -> str:
        """Return what the call is: the command line of a shell, else the tool and its arguments."""
        try:
            value = self._redactor.value({**call.params}).value
        except SafetyError as error:  # what nobody could look into is not shown
            return f"{call.tool} (cannot be shown: {error.reason})"
        params = value if isinstance(value, dict) else {}
        command = next((found for name in _COMMANDS if isinstance(found := params.get(name), str)), "")
        return f"{call.tool}: {command or json.dumps(params, ensure_ascii=False)}"


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], object]]:
    """Give a function that is told of every further `size` bytes: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # late: a run in a script does not pay for it
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=total or None)
        yield lambda size: shown.advance(task, size)
