"""Values that name files and folders, and what is done to those."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from safety_core.classify.network import url_target
from safety_core.classify.shell.judged import OWN_VARIABLES, SECRET_NAME, Judged, Read
from safety_core.model.facts import Kind, Target, TargetKind

STORE: Final = re.compile(r"[\w.-]{2,}:")
"""How a place in a store or a container begins; one letter is a drive of Windows."""


def _path(judged: Judged, text: str) -> list[Target]:
    return [judged.path(text)]


def _seen(judged: Judged, text: str) -> list[Target]:
    """A file that is looked at, whatever the program does to others (`ln -s FILE name`)."""
    judged.note(Kind.READ, f"{judged.entry.name} file", [judged.path(text)])
    return []


def _named_path(judged: Judged, text: str) -> list[Target]:
    return [judged.path(text)]


def _destination(judged: Judged, text: str) -> list[Target]:
    """Where files are moved to. What is moved nowhere is lost."""
    target = judged.path(text)
    if judged.harmless(target):
        judged.note(Kind.DESTROY, f"{judged.entry.name} nowhere", judged.targets)
    return [target]


def _outfile(judged: Judged, text: str) -> list[Target]:
    target = judged.path(text)
    if text == "-" or judged.harmless(target):
        judged.traits |= {"milder"}
        return []
    if not judged.dry:
        judged.note(Kind.WRITE, f"{judged.entry.name} output", [target])
        judged.wrote(target)
    return []


def _revision(judged: Judged, text: str) -> list[Target]:
    """A file far from the project, or one in its history (`HEAD:.env`); most words are names of branches."""
    if text.startswith(("/", "~", "../")):
        return [judged.path(text)]
    _, mark, path = text.partition(":")
    return [judged.path(path)] if mark and path else []


def _store(judged: Judged, text: str) -> list[Target]:
    """A place in a store or container elsewhere (`s3://shop/a`, `web:/srv`), or a file."""
    if "://" in text:
        return [url_target(text)]
    return [Target(TargetKind.DATA, text) if STORE.match(text) else judged.path(text)]


def _storeto(judged: Judged, text: str) -> list[Target]:
    """Where a copy goes: to a store elsewhere, or into a file."""
    target = _store(judged, text)[0]
    inside = target.kind is TargetKind.PATH
    if text != "-":
        targets = [target] if inside else [*judged.targets, target]
        judged.note(Kind.WRITE if inside else Kind.OUTWARD, f"{judged.entry.name} to", targets)
    return []


def _mount(judged: Judged, text: str) -> list[Target]:
    """A folder of this machine that a container may change."""
    source = re.search(r"(?:^|(?:source|src)=)([/~][^:,]*|\.[^:,]*)(?=[:,]|$)", text)
    if source is None or text.endswith(":ro"):
        return []
    words = "lets a container change files of this machine"
    judged.notes.note(Kind.WRITE, f"{judged.entry.name} volume", words, [judged.path(source[1])], judged.scope.traits)
    return []


def _mode(judged: Judged, text: str) -> list[Target]:
    """`modest`: the mode lets nobody write who could not, and starts nothing with another's rights."""
    numeric = re.fullmatch(r"0?[0-7]{3}", text) is not None and text[-1] not in "2367"
    symbolic = re.fullmatch(r"[ugo]*[-=+][rwxX]*(,[ugo]*[-=+][rwxX]*)*", text) is not None
    if numeric or (symbolic and re.search(r"o[ug]*[+=][rxX]*w", text) is None):
        judged.traits |= {"modest"}
    return []


def _data(judged: Judged, text: str) -> list[Target]:
    return [Target(TargetKind.DATA, text)]


def _variable(judged: Judged, text: str) -> list[Target]:
    return [judged.path(OWN_VARIABLES)] if SECRET_NAME.search(text) else []


PATHS: Final[Mapping[str, Read]] = {
    "path": _path,
    "seen": _seen,
    "named_path": _named_path,
    "destination": _destination,
    "outfile": _outfile,
    "revision": _revision,
    "store": _store,
    "storeto": _storeto,
    "mount": _mount,
    "mode": _mode,
    "data": _data,
    "variable": _variable,
}
