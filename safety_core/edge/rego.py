"""The embedded engine: Rego in a child process, with a deadline.

Rules are spread over shards, those that concern the same programs side by side, so that a call is judged in the same
time however many rules there are.

A rule cannot be interrupted, so it runs in a process that can be killed: when an answer is late, wrong or missing, the
child is killed, the call fails with UnavailableError (which the flow turns into a denial), and the next call
starts a new child.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import read_hits
from safety_core.bundle.index import Guard, RuleIndex
from safety_core.canonical import JsonObject
from safety_core.edge.rego_child import LOAD_DEADLINE, RegoChild
from safety_core.errors import InputError, LimitError, UnavailableError
from safety_core.model.facts import Facts
from safety_core.model.memo import ENTRIES, Memo
from safety_core.model.verdict import Decision, Hit

DEADLINE: Final = 1.0
"""Seconds for one call; the slowest honest one is a hundred times faster."""

SHARD: Final = 64
"""Rules of one shard: fewer cost memory and time to load, more cost time in every call."""


class RegoEngine:
    """Judges in a child process, one call at a time, and remembers exact answers."""

    def __init__(
        self, *, deadline: float = DEADLINE, load_deadline: float = LOAD_DEADLINE, memo: int = ENTRIES
    ) -> None:
        self._deadline = deadline
        self._load_deadline = load_deadline
        self._memo: Memo[Facts, Decision] = Memo(memo)
        self._loading = asyncio.Lock()
        self._lock = asyncio.Lock()
        self._bundle: TrustedBundle | None = None
        self._index = RuleIndex({})
        self._shard: dict[str, int] = {}
        self._child: RegoChild | None = None

    async def load(self, bundle: TrustedBundle) -> None:
        """Judge by `bundle` from now on. Meanwhile calls are judged by the bundle before.

        Raises:
            UnavailableError: the rules do not load; the bundle before stays in force.
        """
        async with self._loading:
            child = await self._start(bundle)
            async with self._lock:
                before, self._child, self._bundle = self._child, child, bundle
                self._index = RuleIndex(bundle.guards)
                self._shard = {rule: place // SHARD for place, rule in enumerate(_ordered(bundle.guards))}
                self._memo.clear()
            if before is not None:
                await before.kill()

    async def judge(self, facts: Facts) -> Decision:
        """Return every rule that fires for `facts`.

        Raises:
            UnavailableError: no answer in time, or none that can be read.
        """
        known = self._memo.find(facts)
        if known is not None:
            return known
        async with self._lock:
            known = self._memo.find(facts)
            if known is not None:  # by a call that was made at the same time
                return known
            bundle = self._loaded()
            rules = self._index.candidates((action.kind.value, action.subject) for action in facts.actions)
            decision = Decision(await self._ask(bundle, rules, facts.to_json()), bundle.revision)
            size = 2 * facts.size + sum(200 + 4 * len(hit.reason) for hit in decision.hits)
            self._memo.keep(facts, decision, size)
            return decision

    async def ask(self, rules: Iterable[str], facts: JsonObject) -> tuple[Hit, ...]:
        """Return the hits of these rules, guards and memo aside: what a bundle is proved with."""
        async with self._lock:
            return await self._ask(self._loaded(), [*rules], facts)

    async def close(self) -> None:
        """Stop the child. Idempotent."""
        async with self._lock:
            await self._stop()

    def _loaded(self) -> TrustedBundle:
        if self._bundle is None:
            raise UnavailableError("policy engine", "has no policy", "load a bundle first")
        return self._bundle

    async def _ask(self, bundle: TrustedBundle, rules: Iterable[str], facts: JsonObject) -> tuple[Hit, ...]:
        if self._child is None:
            self._child = await self._start(bundle)
        shards: dict[int, list[str]] = {}
        for rule in rules:
            shards.setdefault(self._shard.get(rule, 0), []).append(rule)
        try:
            return read_hits([*await self._child.ask([*shards.items()], facts)], "answer")
        except LimitError:
            raise
        except InputError as error:
            await self._stop()
            raise UnavailableError("policy engine", f"gave an answer that cannot be read ({error})") from error
        except BaseException:  # a cancelled call too: its answer must never be taken for the next one's
            await self._stop()
            raise

    async def _start(self, bundle: TrustedBundle) -> RegoChild:
        modules, order = bundle.rules, _ordered(bundle.guards)
        shards = [
            {name: modules[name] for name in (f"rules/{rule}/{rule}.rego" for rule in order[first : first + SHARD])}
            for first in range(0, len(order), SHARD)
        ]
        return await RegoChild.start(
            shards, bundle.rule_data, deadline=self._deadline, load_deadline=self._load_deadline
        )

    async def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.kill()


def _ordered(guards: Mapping[str, Guard]) -> list[str]:
    """Return the rules in the order in which shards are filled: first those of all programs, then by program."""
    return sorted(guards, key=lambda rule: (sorted(guards[rule][1]), rule))
