"""Which secrets are known now: the vault's, those found by scanners, and the redactor that takes them all out.

The vault is looked at again before each call: a secret that was just set is redacted in the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from proxy.force import Force
from safety_core.edge import clock
from safety_core.edge.vault import Vault
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor


class Secrets:
    """Keeps a registry in step with the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault: Final = vault
        self._known: Mapping[SecretName, SecretValue] = {}
        self._registry = Registry({})
        self._generation = -1
        self._reading = asyncio.Lock()
        self._redactor = Redactor(Matcher(self._registry, PatternSet(())), vault.tenant_key)

    def __len__(self) -> int:
        return len(self._known)

    async def refresh(self) -> None:
        """Take up what changed in the vault since the last look. Raises SecretError or UnavailableError."""
        async with self._reading:
            generation = self._vault.generation
            if generation == self._generation:
                return
            known = self._vault.registry_entries()
            self._registry = await asyncio.to_thread(_changed, self._registry, self._known, known)
            self._known, self._generation = known, generation

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

    def values(self, names: tuple[SecretName, ...]) -> Mapping[SecretName, SecretValue]:
        """Return the values behind `names`. Raises UnknownSecretError."""
        return self._vault.get(names)

    async def remember(self, discovered: Mapping[SecretName, SecretValue]) -> None:
        """Keep what a scanner found, under its placeholder's name; redact it as registered from now on."""
        for name, value in discovered.items():
            if self._known.get(name) != value:
                self._vault.put(name, value, now=clock.now(), discovered=True)
        await self.refresh()


def _changed(
    registry: Registry, old: Mapping[SecretName, SecretValue], new: Mapping[SecretName, SecretValue]
) -> Registry:
    """Return a registry of `new`: by small steps where little changed, else made afresh."""
    fresh = {name: value for name, value in new.items() if old.get(name) != value}
    gone = set(old) - set(new)
    if len(fresh) + len(gone) > 16:
        return Registry(new)
    for name in gone:
        registry = registry.without(name)
    for name, value in fresh.items():
        registry = registry.with_secret(name, value)
    return registry
