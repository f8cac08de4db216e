"""What a command leaves in files, as far as that is known: copies, what it is fed with, or a text that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from safety_core.classify.files import Files
from safety_core.classify.paths import absolute
from safety_core.classify.shell.options import Invocation
from safety_core.classify.shell.scope import Scope, Stream
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Target, TargetKind

TEES: Final = frozenset({"tee", "gtee", "sponge"})
COPIES: Final = frozenset({"cp", "gcp", "mv", "gmv", "ln", "gln", "install", "ginstall", "ditto", "rsync", "scp"})
FOLDER: Final = frozenset({"-t", "--target-directory"})
FETCHED_TO: Final = frozenset({"-P", "--directory-prefix", "--output-dir"})
APPENDING: Final = frozenset({"-a", "--append"})


def store(files: Files, found: Invocation, targets: Sequence[Target], scope: Scope, stdin: Stream) -> None:
    """Note what one command that writes leaves in files.

    Args:
        targets: what its operands name.
    """
    name = found.entry.name
    paths = [absolute(word.text, scope.cwd) for word in found.operands]
    given = {option: value for option, _, value in found.options}
    if found.entry.stream == "download":
        _fetched(files, found.operands, given, scope)
    if name in TEES:
        for path in paths:
            files.write(path, stdin.text, stdin.origin, append=not APPENDING.isdisjoint(given))
    elif name in COPIES:
        folder = next((word.text for option, word in given.items() if option in FOLDER and word is not None), None)
        to = absolute(folder, scope.cwd) if folder is not None else paths.pop() if len(paths) > 1 else None
        for path in paths if to is not None else ():
            _copy(files, path, str(to), inside=folder is not None or len(paths) > 1)
    else:
        for target in targets:
            if target.kind is TargetKind.PATH:
                files.change(target.value, stdin.origin)


def _fetched(files: Files, urls: Sequence[Word], given: Mapping[str, Word | None], scope: Scope) -> None:
    """Files that are named as their addresses end: `wget https://shop.example/a.sh` leaves `a.sh`."""
    folder = next((word.text for option, word in given.items() if option in FETCHED_TO and word is not None), ".")
    for url in urls:
        whole = url.text.partition("#")[0].rpartition("/")[2]
        for name in {whole, whole.partition("?")[0]} - {""}:
            files.write(absolute(f"{folder}/{name}", scope.cwd), None, frozenset({"downloaded"}))


def _copy(files: Files, source: str, to: str, *, inside: bool) -> None:
    """Copy a file or folder. Where only the disk knows whether `to` is a folder, both is taken to come about."""
    below = f"{to}/{source.rpartition('/')[2]}"
    for end in (below,) if inside else (to, below):
        files.copy(source, end)
