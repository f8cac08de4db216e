"""A plugin that says it is there and what of it is loaded, or that it ends, parsed or refused.

POST /v1/check-in     {"agent", "plugin", "version", "host"?, "process"?, "nonce"?, "hooks"?: {copy: [names]},
                       "fired"?: {hook: count}, "faults"?: [text], "memory"?: bytes}
POST /v1/check-out    {"agent", "process"}

`process` and `nonce` have 32 lower-case hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from safety_core.errors import InputError, LimitError
from safety_core.model.tool_call import AgentId
from safety_core.wire.names import NAME_LIMIT, name, plain, token
from safety_core.wire.reader import Reader

COPIES: Final = 16
"""Copies of one plugin in one process; OpenClaw loads two or three."""

HOOKS: Final = 100
"""Hooks of one copy; OpenClaw has 42, and a few registrations that are not hooks."""

FAULTS: Final = 20
FAULT_LIMIT: Final = 300
"""Faults that one check-in may name, and the characters of one; the rest is cut off."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A plugin that says it is there and guards `agent`.

    Attributes:
        host: version of the program it is loaded into, empty if it does not say.
        process: 32 hexadecimal digits that one process drew, empty if it does not say.
        nonce: what the answer before told it to echo.
        hooks: by copy of the plugin (OpenClaw loads several), what that copy has registered.
        fired: how often each hook has been called.
        faults: what went wrong while it was loaded.
        memory: bytes that it holds.
    """

    agent: AgentId
    plugin: str
    version: str
    host: str = ""
    process: str = ""
    nonce: str = ""
    hooks: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    fired: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[str, ...] = ()
    memory: int = 0


@dataclass(frozen=True, slots=True)
class CheckOut:
    """A plugin whose process ends."""

    agent: AgentId
    process: str


def check_in_from(raw: bytes) -> CheckIn:
    """Return who checks in, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    check_in = CheckIn(
        agent=AgentId(name(body, "agent")),
        plugin=name(body, "plugin"),
        version=name(body, "version"),
        host=name(body, "host", ""),
        process=token(body, "process", ""),
        nonce=token(body, "nonce", ""),
        hooks=_hooks(body.object("hooks")) if body.has("hooks") else {},
        fired=_fired(body.object("fired")) if body.has("fired") else {},
        faults=tuple(plain(fault, FAULT_LIMIT) for fault in body.texts("faults", ())[:FAULTS]),
        memory=body.integer("memory", 0),
    )
    body.done()
    return check_in


def check_out_from(raw: bytes) -> CheckOut:
    """Return whose process ends, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    check_out = CheckOut(AgentId(name(body, "agent")), token(body, "process"))
    body.done()
    return check_out


def _hooks(body: Reader) -> Mapping[str, frozenset[str]]:
    copies = body.keys()
    _few(body, copies, COPIES)
    found: dict[str, frozenset[str]] = {}
    for copy in copies:
        names = body.texts(copy)
        _few(body, (copy, *names), HOOKS)
        found[copy] = frozenset(names)
    return MappingProxyType(found)


def _fired(body: Reader) -> Mapping[str, int]:
    hooks = body.keys()
    _few(body, hooks, HOOKS)
    return MappingProxyType({hook: body.integer(hook) for hook in hooks})


def _few(body: Reader, names: tuple[str, ...], limit: int) -> None:
    """Refuse more names than there can be, and names that would not fit on a line of the status."""
    if len(names) > limit:
        raise LimitError(body.path, f"has more than {limit} names")
    if any(plain(each, NAME_LIMIT) != each for each in names):
        raise InputError(body.path, "has a name that is too long, or holds a control character")
