"""approvers.yaml -> whose answers count: pinned keys, and how many people have to say yes.

quorum:
  critical_red: 2
approvers:
  - id: hub-0123456789abcdef
    kind: hub
    public: 64 hexadecimal digits
    up_to: red
    channels: {email: yellow_external, telegram: yellow_external}
    outward_days: 7
  - id: passkey-0123456789abcdef
    kind: passkey
    public: base64 of the SubjectPublicKeyInfo (DER)
    up_to: critical_red
    site: https://hub.example
    names: [Olga]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from safety_core.assertion import passkey_public
from safety_core.errors import InputError, PolicyError
from safety_core.model.approval import KeyId
from safety_core.model.level import Level
from safety_core.model.policy import SCREENS, ApproverKey, KeyKind
from safety_core.wire.reader import Reader

PUBLIC_KEY: Final = re.compile(r"[0-9a-f]{64}")

CHANNEL: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")

OUTWARD_DAYS: Final = 366
"""The longest that an outward grant may hold: what is to hold for longer belongs into outward.yaml."""

QUORUM: Final = 9
"""More people than that are a meeting."""

DAY: Final = 24 * 3600

_HUB_ONLY: Final = ("channels", "strong")
_OWN_ONLY: Final = ("names",)
_PASSKEY_ONLY: Final = ("site",)
_ALLOWED: Final[Mapping[KeyKind, frozenset[str]]] = {
    KeyKind.HUB: frozenset({*_HUB_ONLY, "outward_days"}),
    KeyKind.PERSON: frozenset({*_OWN_ONLY, "outward_days"}),
    KeyKind.PASSKEY: frozenset({*_OWN_ONLY, *_PASSKEY_ONLY, "outward_days"}),
    KeyKind.CHANNEL: frozenset(),
}
"""What may stand in an entry of each kind, beside id, kind, public and up_to."""


def parse_approvers(data: Reader) -> tuple[ApproverKey, ...]:
    """Return the keys whose answers count. Raises PolicyError or InputError naming the field."""
    found: dict[str, ApproverKey] = {}
    for entry in data.objects("approvers"):
        key = _approver(entry)
        if key.id in found:
            raise PolicyError(f"{entry.path}.id", f"{key.id} stands twice")
        same = next((other for other in found.values() if other.public == key.public), None)
        if same is not None:
            raise PolicyError(f"{entry.path}.public", f"is the key of {same.id}", "pin each key once")
        found[key.id] = key
    return tuple(found.values())


def _approver(entry: Reader) -> ApproverKey:
    word, public = entry.text("kind"), entry.text("public")
    if word not in {member.value for member in KeyKind}:
        raise PolicyError(f"{entry.path}.kind", "must be hub, person, passkey or channel")
    kind = KeyKind(word)
    for name in sorted(frozenset().union(*_ALLOWED.values()) - _ALLOWED[kind]):
        if entry.has(name):
            raise PolicyError(f"{entry.path}.{name}", f"says nothing of a {kind}'s key", "leave it out")
    _check_public(kind, public, entry.path)
    key = ApproverKey(
        id=KeyId(entry.text("id", limit=64)),
        kind=kind,
        public=public,
        up_to=level_of(entry, "up_to"),
        channels=_channels(entry.object("channels")) if entry.has("channels") else {},
        strong=entry.flag("strong", False),
        outward_seconds=entry.integer("outward_days", 0, maximum=OUTWARD_DAYS) * DAY,
        site=_site(entry) if kind is KeyKind.PASSKEY else "",
        names=_names(entry),
    )
    if kind is KeyKind.CHANNEL and key.up_to is Level.CRITICAL_RED:
        raise PolicyError(f"{entry.path}.up_to", "is more than a chat channel may approve", "write red, or less")
    entry.done()
    return key


def _check_public(kind: KeyKind, public: str, path: str) -> None:
    if kind is KeyKind.PASSKEY:
        try:
            passkey_public(public)
        except InputError as error:
            raise PolicyError(f"{path}.public", error.reason, error.fix) from error
    elif not PUBLIC_KEY.fullmatch(public):
        raise PolicyError(f"{path}.public", "must be an Ed25519 public key, 64 lower-case hexadecimal digits")


def _channels(reader: Reader) -> Mapping[str, Level]:
    found = {name: level_of(reader, name) for name in reader.keys()}  # noqa: SIM118
    for name, level in found.items():
        if not CHANNEL.fullmatch(name):
            raise PolicyError(f"{reader.path}.{name}", "is no channel", 'write its first word, such as "email"')
        if level is Level.CRITICAL_RED and name not in SCREENS:
            raise PolicyError(f"{reader.path}.{name}", "is more than a link may approve", "write red, or less")
    return found


def _site(entry: Reader) -> str:
    site = entry.text("site", limit=300)
    try:
        parts = urlsplit(site)
        local = f".{parts.hostname}".endswith(".localhost")  # Secure Contexts, 3.1
        secure = parts.scheme == "https" or (parts.scheme == "http" and local)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        secure, port = False, ""
    if not secure or site != f"{parts.scheme}://{parts.hostname}{port}":
        raise PolicyError(f"{entry.path}.site", "must be an origin", 'write it as browsers do: "https://hub.example"')
    return site


def _names(entry: Reader) -> frozenset[str]:
    names = entry.texts("names", ())
    if entry.has("names") and not (names and all(name.strip() == name != "" for name in names)):
        raise PolicyError(f"{entry.path}.names", "must be names", "write whose key it is, as the hub knows them")
    if entry.text("kind") == KeyKind.PASSKEY and not names:
        raise PolicyError(f"{entry.path}.names", "is missing", "write whose passkey it is, as the hub knows them")
    return frozenset(names)


def parse_quorum(reader: Reader) -> Mapping[Level, int]:
    """Return how many people have to say yes, by level.

    Raises:
        PolicyError: a graver level would need fewer people; `yellow_external` stands beside the order of the others.
    """
    quorum = {level: reader.integer(level.word, minimum=1, maximum=QUORUM) for level in Level if reader.has(level.word)}
    reader.done()
    inside = [level for level in Level if level is not Level.YELLOW_EXTERNAL]
    for milder, graver in pairwise(inside):
        if quorum.get(graver, 1) < quorum.get(milder, 1):
            raise PolicyError(f"{reader.path}.{graver.word}", f"asks for fewer people than {milder.word}")
    return quorum


def level_of(reader: Reader, name: str) -> Level:
    """Return the level that a field names. Raises PolicyError for a word that is none."""
    word = reader.text(name)
    level = Level.named(word)
    if level is None:
        words = ", ".join(member.word for member in Level)
        raise PolicyError(f"{reader.path}.{name}", f"{word[:40]!r} is not one of {words}")
    return level
