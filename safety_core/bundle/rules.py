"""The head of one Rego rule: the METADATA block and the package line.

    # METADATA
    # title: Deletes files for good
    # description: ...
    # custom:
    #   id: deletes_for_good
    #   kinds: [destroy]
    #   subjects: [rm, shred]
    package safety.rules.deletes_for_good

`kinds` and `subjects` are optional. They promise that the rule can only fire for a call with an action of
one of these kinds and one of these subjects, so that it need not be asked about any other; the promise is
built into the bundle as a guard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safety_core.bundle.document import Document, read_document
from safety_core.canonical import Json
from safety_core.errors import PolicyError
from safety_core.model.facts import Kind
from safety_core.model.level import Level

ID: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")

_LEVEL: Final = re.compile(r"\"level\":\s*\"([^\"]*)\"")
_PACKAGE: Final = re.compile(r"package[ \t]+([A-Za-z0-9_.]+)[ \t]*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class RuleHead:
    """What a rule says about itself.

    Attributes:
        kinds, subjects: what it is indexed by; empty means anything.
    """

    id: str
    title: str
    description: str
    kinds: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


def read_head(name: str, text: str, rule_id: str) -> RuleHead:
    """Return the head of the rule in file `name`, which must carry the id of its folder.

    Raises:
        PolicyError: naming file and line.
    """
    if not ID.fullmatch(rule_id):
        raise PolicyError(
            name, "stands in a folder whose name is no rule id", "use a-z, 0-9 and _, beginning with a letter"
        )
    package_line = check_package(name, text, f"safety.rules.{rule_id}")
    _check_levels(name, text)
    notes = _metadata(name, text.splitlines()[: package_line - 1])
    custom = notes.value.get("custom") if isinstance(notes.value, dict) else None
    if not isinstance(custom, dict) or custom.get("id") != rule_id:
        raise PolicyError(notes.place(".custom.id"), f"METADATA must say custom.id: {rule_id}")
    return RuleHead(
        id=rule_id,
        title=_text(notes, "title"),
        description=_text(notes, "description"),
        kinds=_words(notes, custom, "kinds"),
        subjects=_words(notes, custom, "subjects"),
    )


def check_package(name: str, text: str, package: str) -> int:
    """Return the line of the package clause, which must be the first code in the file and say `package`."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _PACKAGE.fullmatch(line)
        if found is None or found[1] != package:
            break
        return number
    raise PolicyError(f"{name}:1", "does not begin with its package", f"write: package {package}")


def _check_levels(name: str, text: str) -> None:
    """Refuse a level that there is none of; an edge would refuse every call that the rule hits."""
    for number, line in enumerate(text.splitlines(), 1):
        for word in _LEVEL.findall(line.partition("#")[0]):
            if Level.named(word) is None:
                raise PolicyError(
                    f"{name}:{number}",
                    f"{word!r} is not a level",
                    f"write one of {', '.join(one.word for one in Level)}",
                )


def _metadata(name: str, head: list[str]) -> Document:
    marks = [number for number, line in enumerate(head) if line.rstrip() == "# METADATA"]
    if len(marks) != 1:
        raise PolicyError(
            f"{name}:1", "needs one METADATA block above its package", "begin it as policies/README.md shows"
        )
    body = [re.sub(r"^# ?", "", line) if line.startswith("#") else "" for line in head[marks[0] + 1 :]]
    return read_document(name, ("\n" * (marks[0] + 1) + "\n".join(body)).encode())


def _text(notes: Document, name: str) -> str:
    value = notes.mapping().get(name)
    if not isinstance(value, str) or not value:
        raise PolicyError(notes.place(f".{name}"), f"METADATA must say {name}")
    return value


def _words(notes: Document, custom: dict[str, Json], name: str) -> tuple[str, ...]:
    value = custom.get(name, [])
    place = notes.place(f".custom.{name}")
    words = tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()
    if words != tuple(value if isinstance(value, list) else [value]) or (name in custom and not words):
        raise PolicyError(place, f"custom.{name} must be a list of words")
    if name == "kinds" and not set(words) <= set(Kind):
        raise PolicyError(place, f"custom.kinds must be of {', '.join(Kind)}")
    return words
