"""Values that are code, or name a file of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from safety_core.classify.files import MANY
from safety_core.classify.paths import HOLE
from safety_core.classify.shell.judged import Judged, Read
from safety_core.classify.shell.scope import NOTHING
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind, Target

SOUGHT: Final = re.compile(
    r"(?i)passw|passphrase|secret|credential|api.{0,3}key|access.{0,3}key|auth.{0,3}token|token\b"
)
"""What one seeks who looks for secrets."""

WIDE: Final = re.compile(r"~\w*/?|/(?:(?:home|Users)(?:/[^/]+)?|root|etc|var|opt|srv|usr|mnt|media)?/?")
"""A whole machine, somebody's home, or all that is set up on the machine."""

TOLD: Final = frozenset({"artisan", "occ", "craft", "safety", "openclaw"})
"""Scripts without an ending that are told what to do as programs are."""

_OURS: Final = re.compile(r"(?:.*/)?safety_core/cli(?:/__main__\.py)?/?")
"""The folder and the file of which `python -m` makes the program `safety`."""


def _script(judged: Judged, text: str) -> list[Target]:
    if text == "-" or "stdin" in judged.traits:
        return []
    judged.coded = True
    target = judged.path(text)
    _told(judged, text)
    found = judged.notes.files.matching(target.value)
    if HOLE in text:
        judged.notes.doubt(f"{judged.entry.name}: a script that is known only when the command runs")
    judged.made = judged.made.union(*(content.origin for content in found))
    for content in found:
        if content.text is not None:
            judged.code(judged.entry.stdin.removeprefix("code:"), content.text)
        elif not judged.dry:
            judged.notes.doubt(f"{judged.entry.name}: a script that was written here, with a text that is not known")
    one = MANY.isdisjoint(target.value) and any(content.text is not None for content in found)
    if not one and not judged.dry:
        judged.note(Kind.RUN_CODE, f"{judged.entry.name} script", [target])
    return []


def _told(judged: Judged, text: str) -> None:
    """`python manage.py flush`: a script whose name is listed is told what to do by the words behind it."""
    name = "safety" if _OURS.fullmatch(judged.path(text).value) else text.rpartition("/")[2]
    if (name in TOLD or "." in name) and judged.notes.catalogue.program(name) is not None:
        words = [word.text for word in judged.found.words]
        behind = judged.found.words[words.index(text) + 1 :] if text in words else ()
        judged.programs.run([Word(name), *behind], judged.scope.copy(), NOTHING)


def _expression(judged: Judged, text: str) -> list[Target]:
    judged.coded = True
    return []


def _expression_path(judged: Judged, text: str) -> list[Target]:
    judged.coded = True
    return [judged.path(text)]


def _expression_sought(judged: Judged, text: str) -> list[Target]:
    """What is searched for. A search for passwords over a whole machine or home is none of everyday work."""
    judged.code("sought", text)
    places = (judged.path(word.text).value for word in judged.found.operands if word.known and word.text != text)
    if SOUGHT.search(text) and any(WIDE.fullmatch(place) for place in places):
        judged.notes.doubt(f"{judged.entry.name}: a search for secrets over a whole machine or home")
    return []


def _piped(judged: Judged, text: str) -> list[Target]:
    """Where answers go: a file, or behind a bar the program that is started for them."""
    if not text.startswith("|"):
        return [judged.path(text)]
    coded = judged.coded
    judged.code("shell", text[1:])
    judged.coded = coded
    return []


def _alias(judged: Judged, text: str) -> list[Target]:
    """Another name for a command, which may be that of a harmless one."""
    _, _, command = text.partition("=")
    judged.code("shell", command)
    return []


CODE: Final[Mapping[str, Read]] = {
    "script": _script,
    "expression": _expression,
    "expression_path": _expression_path,
    "expression_sought": _expression_sought,
    "piped": _piped,
    "alias": _alias,
}
