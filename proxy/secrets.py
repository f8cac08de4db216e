"""Which secrets are known now: the vault's, those found by scanners, and the redactor that takes them all out.

The vault is looked at again before each call: a secret that was just set is redacted in the next one. Only what
changed is read, opened and taken up, so one more secret costs the same with ten thousand as with ten.

What a scanner found and is too common to be looked for (`password = production`) is kept, so that its reference still
means something, but not looked for elsewhere: a person would have been refused to register it.

The texts of a secret that is a JSON object (an access key with its id and token) are secrets of their own: whoever
shows one of them does not show the object.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Final

from proxy.force import Force
from proxy.needles import Needles
from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.edge.vault import Vault
from safety_core.errors import UnknownSecretError
from safety_core.match.common_value import common_reason
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.secret import DISCOVERED, SecretName, SecretValue
from safety_core.redact.redactor import Redactor

STEPS: Final = 16
"""Changes that are taken up in one go, in some 0.1 ms each, before others get their turn."""

PART: Final = 16
"""Characters of a text in a JSON object that is looked for by itself; what is shorter names something."""

MISSED: Final = 50
"""Names that were asked for in vain, of which the last are remembered."""

SHARE: Final = 4
"""Of more changes than a fourth of what is known, a registry is made afresh, on another thread."""


class Secrets:
    """Keeps a registry in step with the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault: Final = vault
        self._known: dict[SecretName, SecretValue] = {}
        self._registry = Registry({})
        self._generation: int | None = None
        self._reading = asyncio.Lock()
        self._needles = Needles()
        self._missed: dict[SecretName, None] = {}
        self._redactor = Redactor(Matcher(self._registry, PatternSet(())), vault.tenant_key)

    def __len__(self) -> int:
        return len(self._known)

    async def refresh(self) -> None:
        """Take up what changed in the vault since the last look. Raises SecretError or UnavailableError."""
        async with self._reading:
            if self._generation == self._vault.generation:
                return
            changes = self._vault.changes(self._generation)
            fresh = {name: value for name, value in changes.values.items() if self._known.get(name) != value}
            gone = (set(self._known) - changes.values.keys()) if changes.whole else changes.gone & self._known.keys()
            if len(fresh) + len(gone) > max(STEPS, len(self._known) // SHARE):
                kept = {name: value for name, value in self._known.items() if name not in gone} | fresh
                self._registry = await asyncio.to_thread(_made, kept)
            else:
                old = {name: self._known[name] for name in (*gone, *fresh) if name in self._known}
                self._registry = await _changed(self._registry, fresh, old)
            for name in gone:
                del self._known[name]
            self._known |= fresh
            self._generation = changes.generation

    async def redactor(self, force: Force) -> Redactor:
        """Return what takes out every secret known now, by the patterns of `force`."""
        await self.refresh()
        return self.current(force.patterns)

    def current(self, patterns: PatternSet | None = None) -> Redactor:
        """Return the redactor for the secrets as last looked at; without `patterns`, by those used last."""
        matcher = self._redactor.matcher
        wanted = matcher.patterns if patterns is None else patterns
        if matcher.registry is not self._registry or matcher.patterns is not wanted:
            self._redactor = self._redactor.with_matcher(Matcher(self._registry, wanted))
        return self._redactor

    def scrub(self, text: str) -> str:
        """Return `text` without any secret that is known, for logs, records and people."""
        return self.current().text(text).text

    def names(self) -> tuple[SecretName, ...]:
        """Return the names of the secrets that people have registered, as last looked at, sorted."""
        return tuple(sorted(name for name in self._known if not name.startswith(DISCOVERED)))

    @property
    def version(self) -> str:
        """The name of the needles for what is known, as last looked at."""
        return self._needles.version(self._generation or 0)

    async def needles(self) -> JsonObject:
        """Return the one-way needles of every secret, for the plugin. Raises SecretError or UnavailableError."""
        await self.refresh()
        known, generation = self._registry.entries(), self._generation or 0
        return await asyncio.to_thread(self._needles.to_json, known, generation)

    def values(self, names: tuple[SecretName, ...]) -> Mapping[SecretName, SecretValue]:
        """Return the values behind `names`. Raises UnknownSecretError."""
        try:
            return self._vault.get(names)
        except UnknownSecretError:
            self._missed |= dict.fromkeys(name for name in names if name not in self._known)
            while len(self._missed) > MISSED:
                del self._missed[next(iter(self._missed))]
            raise

    def missed(self) -> tuple[SecretName, ...]:
        """Return names that were asked for and that no secret has, as last looked at.

        Whoever asked may have chosen the name: what looks like a secret itself is not among them.
        """
        self._missed = {name: None for name in self._missed if name not in self._known}
        return tuple(name for name in self._missed if self.scrub(name) == name)

    def check(self, names: tuple[SecretName, ...]) -> None:
        """Return if there is a value behind each of `names`. Raises UnknownSecretError."""
        self.values(names)

    async def remember(self, discovered: Mapping[SecretName, SecretValue]) -> None:
        """Keep what a scanner found, under its placeholder's name; redact it as registered from now on."""
        for name, value in discovered.items():
            if self._known.get(name) != value:
                self._vault.put(name, value, now=clock.now(), discovered=True)
        await self.refresh()


def _made(known: Mapping[SecretName, SecretValue]) -> Registry:
    return Registry(dict(_lookable(known)))


async def _changed(
    registry: Registry, fresh: Mapping[SecretName, SecretValue], old: Mapping[SecretName, SecretValue]
) -> Registry:
    """Return a registry that also knows `fresh`, and not `old`: what is gone, or has another value now."""
    for name, _ in _lookable(old):
        registry = registry.without(name)
    for number, (name, value) in enumerate(_lookable(fresh), 1):
        registry = registry.with_secret(name, value)
        if number % STEPS == 0:
            await asyncio.sleep(0)
    return registry


def _lookable(known: Mapping[SecretName, SecretValue]) -> Iterator[tuple[SecretName, SecretValue]]:
    """Yield what is looked for: the values that are not too common, and the texts in those that are JSON objects."""
    for name, value in known.items():
        if not _common(name, value):
            yield name, value
            yield from _parts(name, value.reveal())


def _parts(name: SecretName, value: str) -> Iterator[tuple[SecretName, SecretValue]]:
    if not value.startswith("{"):
        return
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError):
        return
    for field, part in fields.items():
        if isinstance(part, str) and len(part) >= PART and not common_reason(SecretValue(part)):
            yield _part_name(name, field), SecretValue(part)


def _part_name(name: SecretName, field: str) -> SecretName:
    """Return the name of a part, which nobody gives to a secret of theirs."""
    told = hashlib.sha256(f"{name}\0{field}".encode("utf-8", "surrogatepass")).hexdigest()
    return SecretName(f"{name[:40]}.part-{told[:16]}")


def _common(name: SecretName, value: SecretValue) -> bool:
    return name.startswith(DISCOVERED) and common_reason(value) != ""
