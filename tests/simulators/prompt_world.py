"""The world around a prompt, in memory, behind the real effects: the provider's answer, the vault, and what can go
wrong.

It checks the laws while they can still be seen to break: a prompt leaves once, after its audit entry, with nothing
secret in it; and nothing secret reaches the client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from safety_core.errors import UnavailableError, UnknownSecretError
from safety_core.flow import effects
from safety_core.flow.effects import Effect
from safety_core.flow.egress_effects import (
    Afford,
    AskStanding,
    Cancel,
    Emit,
    Foresee,
    Forward,
    Headers,
    NextChunk,
    Respond,
    ResponseHead,
    Standing,
    Weigh,
)
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ProposedCall
from safety_core.redact.redactor import Redactor

KEY = SecretName("PROVIDER_KEY")
SECRETS = {
    SecretName("DB_PASSWORD"): "vK7q" + "-Zr2pLx9" + "mWt4Hd",
    SecretName("DEPLOY_TOKEN"): "nimbus/" + "u8Yh3" + "Kc5" + "+Tq0Bz7Rf",
    KEY: "upstream" + "-9f2XkQ7" + "bLm3Vz",
}
"""Invented. Put together here, so that no scanner of source code takes them for real ones."""

NEW_KEY = "nbk_" + "h7Tq2Wz9" + "Lx4Vm6Rk8Pd3"
"""In the shape of a (made-up) provider's keys; nobody has registered it."""


def redactor() -> Redactor:
    """Return a redactor that knows the secrets above, and one provider's pattern."""
    registry = Registry({name: SecretValue(value) for name, value in SECRETS.items()})
    return Redactor(
        Matcher(registry, PatternSet([Pattern("nimbus-key", "Nimbus key", "nbk_[A-Za-z0-9]{20}")])), b"k" * 32
    )


@dataclass
class PromptWorld:
    """Set what the provider answers before, look at what was done after.

    Attributes:
        fail_at: index of the effect that does not come about; `failure`: how.
        fail_on: effect type that does not come about, every time.
        refusing: bytes of a request that the provider refuses, and with which status.
        standing: what is known of the agent's plugin; `decided` is cut down to what is asked for.
    """

    status: int = 200
    headers: Headers = ((b"content-type", b"application/json"),)
    chunks: Sequence[bytes] = ()
    refusing: tuple[bytes, int] = (b"", 0)
    fail_at: int | None = None
    fail_on: type[Effect[Any]] | None = None
    failure: Exception = field(default_factory=lambda: OSError("disk full"))
    vault: dict[SecretName, SecretValue] = field(
        default_factory=lambda: {name: SecretValue(value) for name, value in SECRETS.items()}
    )
    asked: list[Effect[Any]] = field(default_factory=list)
    log: list[AuditEntry] = field(default_factory=list)
    sent: list[Forward] = field(default_factory=list)
    answered: list[Respond] = field(default_factory=list)
    shown: bytearray = field(default_factory=bytearray)
    metered: list[effects.Meter] = field(default_factory=list)
    afforded: list[Afford] = field(default_factory=list)
    foreseen: list[Foresee] = field(default_factory=list)
    weighed: list[Weigh] = field(default_factory=list)
    cancelled: int = 0
    standing: Standing = field(default_factory=lambda: Standing("its plugin has not checked in", announced=False))
    _left: list[bytes] | None = None

    @property
    def handlers(self) -> Mapping[type[Effect[Any]], Callable[[Any], Any]]:
        table: dict[type[Effect[Any]], Callable[[Any], Any]] = {
            effects.Now: lambda _: 1_000_000.0,
            effects.NewId: lambda _: "f" * 32,
            effects.Record: self._record,
            effects.Resolve: self._resolve,
            effects.Remember: lambda effect: self.vault.update(effect.discovered),
            effects.Meter: self.metered.append,
            Afford: self.afforded.append,
            Foresee: self._foresee,
            Weigh: self.weighed.append,
            AskStanding: lambda effect: replace(self.standing, decided=self.standing.decided & {*effect.spellings}),
            Forward: self._forward,
            NextChunk: self._next,
            Cancel: self._cancel,
            Respond: self.answered.append,
            Emit: self._emit,
        }
        return {kind: self._watched(handler) for kind, handler in table.items()}

    def events(self) -> list[Event]:
        return [entry.event for entry in self.log]

    def _watched(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def perform(effect: Effect[Any]) -> Any:
            self.asked.append(effect)
            if len(self.asked) - 1 == self.fail_at or type(effect) is self.fail_on:
                raise self.failure
            return handler(effect)

        return perform

    def _record(self, effect: effects.Record) -> int:
        self.log.append(effect.entry)
        return len(self.log) - 1

    def _resolve(self, effect: effects.Resolve) -> Mapping[SecretName, SecretValue]:
        if missing := [name for name in effect.names if name not in self.vault]:
            raise UnknownSecretError(missing[0], "is not in the vault")
        return {name: self.vault[name] for name in effect.names}

    def _forward(self, effect: Forward) -> ResponseHead:
        assert effect not in self.sent, "a prompt left twice"
        assert set(self.events()) - {Event.UNGUARDED} == {Event.PROMPT}, "a prompt left before its audit entry"
        leaving = [effect.request.body, effect.request.target.encode(), *(value for _, value in effect.request.headers)]
        assert not [1 for value in SECRETS.values() for part in leaving if value.encode() in part], "a secret left"
        self.sent.append(effect)
        self._left = [*self.chunks]
        mark, status = self.refusing
        if mark and mark in effect.request.body:
            self._left = [b"{}"]
            return ResponseHead(status, PromptWorld.headers)
        return ResponseHead(self.status, self.headers)

    def _next(self, effect: NextChunk) -> bytes | None:
        if self._left is None:
            raise UnavailableError("response", "there is none")
        return self._left.pop(0) if self._left else None

    def _foresee(self, effect: Foresee) -> tuple[ProposedCall, ...]:
        self.foreseen.append(effect)
        return effect.calls

    def _cancel(self, effect: Cancel) -> None:
        self.cancelled += 1

    def _emit(self, effect: Emit) -> None:
        assert self.answered, "a body without a head"
        self.shown += effect.data
