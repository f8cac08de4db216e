"""Which secrets are known now: the vault's, those found by scanners, and the redactor that takes them all out.

The vault is looked at again before each call: a secret that was just set is redacted in the next one. Only what
changed is opened and taken up; of all others the vault adds up, where another process has written, that they are there.

What a scanner found and is too common to be looked for (`password = production`) is kept, so that its reference still
means something, but not looked for elsewhere: a person would have been refused to register it.

A value that was rotated away is looked for beside the new one, under the same name, until its overlap ends. A canary is
looked for as all others are, and told to nobody as a secret that there is: whoever shows it, rings (`proxy.canaries`).

What of a secret is one by itself (the password in a URL) is looked for too (`proxy.fragments`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final

from proxy.canaries import Canaries
from proxy.force import Force
from proxy.fragments import parts_of
from proxy.needles import Needles
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.vault import Vault, VaultChanges, keep_discoveries
from safety_core.errors import CanaryError, SecretError, UnknownSecretError
from safety_core.match.common_value import common_reason
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry, earlier, told_name
from safety_core.model.secret import DISCOVERED, PROMPT, SecretName, SecretValue, Use
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor

STEPS: Final = 16
"""Changes that are taken up in one go, in some 0.1 ms each, before others get their turn."""

MISSED: Final = 50
"""Names that were asked for in vain, of which the last are remembered."""

SHARE: Final = 4
"""Of more changes than a fourth of what is known, a registry is made afresh, on another thread."""

FORGET: Final = 100
"""Secrets up to which a registry is made afresh when one is gone, so that its value does not stay in memory. With more,
there would be some MiB of two of them for a moment."""

NOTED_SECONDS: Final = 60.0
"""How long one line of the use log stands for all prompts of an agent that are sent with the same key."""


class Secrets:
    """Keeps a registry in step with the vault."""

    def __init__(self, vault: Vault, canaries: Canaries | None = None) -> None:
        self._vault: Final = vault
        self.canaries: Final = canaries or Canaries(vault)
        self._known: dict[SecretName, SecretValue] = {}
        self._ends: dict[SecretName, float] = {}
        """When what was rotated away ends, by the name under which it is known."""
        self._limited: dict[SecretName, frozenset[str]] = {}
        self._noted: dict[tuple[SecretName, str], float] = {}
        self._registry = Registry({})
        self._generation: int | None = None
        self._reading = asyncio.Lock()
        self._needles = Needles()
        self._missed: dict[SecretName, None] = {}
        self._redactor = Redactor(Matcher(self._registry, PatternSet(())), vault.tenant_key)
        self.canaries.scrub = self.scrub

    def __len__(self) -> int:
        return len(self._known) - len(self._ends)

    async def refresh(self) -> None:
        """Take up what changed in the vault since the last look. Raises SecretError or UnavailableError."""
        async with self._reading:
            now = clock.now()
            ended = {name for name, until in self._ends.items() if until <= now}
            if self._generation != self._vault.generation:
                changes = self._vault.changes(self._generation, now=now)
                await self._take_up(*self._difference(changes))
                self.canaries.told(changes)
                touched = self._limited.keys() if changes.whole else changes.values.keys() | changes.gone
                others = {name: agents for name, agents in self._limited.items() if name not in touched}
                self._limited = {**others, **changes.limited}
                self._generation = changes.generation
            elif ended:
                await self._take_up({}, ended, {})

    def _difference(
        self, changes: VaultChanges
    ) -> tuple[dict[SecretName, SecretValue], set[SecretName], dict[SecretName, float]]:
        """Return what is fresh and what is gone by names that are known here, and the ends of what was rotated away."""
        formers = {earlier(name, old.version): old for name, olds in changes.formers.items() for old in olds}
        there = {**changes.values, **{name: old.value for name, old in formers.items()}}
        fresh = {name: value for name, value in there.items() if self._known.get(name) != value}
        if changes.whole:
            gone = self._known.keys() - there.keys()
        else:
            touched = changes.values.keys() | changes.gone
            gone = {name for name in self._ends if told_name(name) in touched} - there.keys()
            gone |= changes.gone & self._known.keys()
        return fresh, gone, {name: old.until for name, old in formers.items()}

    async def _take_up(
        self, fresh: dict[SecretName, SecretValue], gone: set[SecretName], ends: dict[SecretName, float]
    ) -> None:
        """Know what is fresh, and no longer what is gone."""
        replaced = gone or fresh.keys() & self._known.keys()
        kept = {name: value for name, value in self._known.items() if name not in gone} | fresh
        many = len(fresh) + len(gone) > max(STEPS, len(self._known) // SHARE)
        if many or (replaced and len(kept) <= FORGET):
            self._registry = await asyncio.to_thread(_made, kept)
        else:
            old = {name: self._known[name] for name in (*gone, *fresh) if name in self._known}
            self._registry = await _changed(self._registry, fresh, old)
        self._known = kept
        self._ends = {name: until for name, until in self._ends.items() if name not in gone} | ends

    async def redactor(self, force: Force) -> Redactor:
        """Return what takes out every secret known now, by the patterns of `force`."""
        await self.refresh()
        return self.current(force.patterns)

    def current(self, patterns: PatternSet | None = None) -> Redactor:
        """Return the redactor for the secrets as last looked at; without `patterns`, by those used last."""
        matcher = self._redactor.matcher
        wanted = matcher.patterns if patterns is None else patterns
        if matcher.registry is not self._registry or matcher.patterns is not wanted:
            self._redactor = self._redactor.with_matcher(Matcher(self._registry, wanted, self.canaries.seen))
        return self._redactor

    def scrub(self, text: str) -> str:
        """Return `text` without any secret that is known, for logs, records and people."""
        return self.current().text(text).text

    def names(self, agent: AgentId | None = None) -> tuple[SecretName, ...]:
        """Return the names of the secrets that people have registered for use, as last looked at, sorted.

        Args:
            agent: only those that may be used by this agent, as far as the vault is asked.
        """
        hidden = self._ends.keys() | self.canaries.names
        if agent is not None:
            hidden |= {name for name, agents in self._limited.items() if agent not in agents}
        return tuple(sorted(name for name in self._known if not name.startswith(DISCOVERED) and name not in hidden))

    def ending(self, now: float) -> list[Json]:
        """Return the secrets whose end is near or past, the first to end first. Raises UnavailableError."""
        entries = [entry for entry in self._vault.entries() if entry.terms.ending(now)]
        entries.sort(key=lambda entry: entry.terms.expires or 0.0)
        return [{"name": entry.name, "expires": entry.terms.expires} for entry in entries[:MISSED]]

    @property
    def version(self) -> str:
        """The name of the needles for what is known, as last looked at."""
        return self._needles.version(self._generation or 0)

    async def needles(self) -> JsonObject:
        """Return the one-way needles of every secret, for the plugin. Raises SecretError or UnavailableError."""
        await self.refresh()
        known, generation = self._registry.entries(), self._generation or 0
        return await asyncio.to_thread(self._needles.to_json, known, generation)

    def lend(self, names: tuple[SecretName, ...], use: Use) -> Mapping[SecretName, SecretValue]:
        """Return the values behind `names` for one use, which is in the use log then.

        Raises:
            SecretError: one is not there, not for this agent or tool, over, or a canary.
            UnavailableError: the use cannot be logged.
        """
        now = clock.now()
        note = any(self._due(name, use, now) for name in names)
        try:
            return self._vault.lend(names, use, now, note=note)
        except SecretError as error:
            self._refused(names, use, error)
            raise

    def demand(self, names: tuple[SecretName, ...]) -> None:
        """Return if there is a value behind each of `names`, for whomever. Raises SecretError."""
        self._vault.get(names)

    def check(self, names: tuple[SecretName, ...], use: Use) -> None:
        """Return if `use` may have each of `names`. Raises SecretError as `lend` does."""
        try:
            self._vault.check(names, use, clock.now())
        except SecretError as error:
            self._refused(names, use, error)
            raise

    def _due(self, name: SecretName, use: Use, now: float) -> bool:
        """Tell whether a use goes into the log: every call's, and one prompt's in `NOTED_SECONDS`."""
        if use.tool != PROMPT:
            return True
        if now < self._noted.get((name, use.agent), -NOTED_SECONDS) + NOTED_SECONDS:
            return False
        while len(self._noted) >= MISSED:
            del self._noted[next(iter(self._noted))]
        self._noted[name, use.agent] = now
        return True

    def _refused(self, names: tuple[SecretName, ...], use: Use, error: SecretError) -> None:
        """Note what was asked for in vain, and who asked for a canary by its name."""
        if isinstance(error, CanaryError):
            self.canaries.used(names, use)
        if isinstance(error, UnknownSecretError):
            self._missed |= dict.fromkeys(name for name in names if name not in self._known)
            while len(self._missed) > MISSED:
                del self._missed[next(iter(self._missed))]

    def missed(self) -> tuple[SecretName, ...]:
        """Return names that were asked for and that no secret has, as last looked at.

        Whoever asked may have chosen the name: what looks like a secret itself is not among them.
        """
        self._missed = {name: None for name in self._missed if name not in self._known}
        return tuple(name for name in self._missed if self.scrub(name) == name)

    async def remember(self, discovered: Mapping[SecretName, SecretValue]) -> None:
        """Keep what a scanner found, under its placeholder's name; redact it as registered from now on, until much has
        been found since (`keep_discoveries`)."""
        fresh = {name: value for name, value in discovered.items() if self._known.get(name) != value}
        if fresh:
            keep_discoveries(self._vault, fresh, clock.now())
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
    """Yield what is looked for: the values that are not too common, and the parts of those."""
    for name, value in known.items():
        if not _common(name, value):
            yield name, value
            yield from parts_of(name, value.reveal())


def _common(name: SecretName, value: SecretValue) -> bool:
    return name.startswith(DISCOVERED) and common_reason(value) != ""
