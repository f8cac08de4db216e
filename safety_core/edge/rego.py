"""The embedded engine: Rego in a child process, with a deadline.

A rule cannot be interrupted, so it runs in a process that can be killed: when an answer is late, wrong or missing, the
child is killed, the call fails with UnavailableError (which the flow turns into a denial), and the next call
starts a new child.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import read_hits
from safety_core.bundle.index import RuleIndex
from safety_core.canonical import Json, JsonObject
from safety_core.edge.rego_child import LOAD_DEADLINE, RegoChild
from safety_core.errors import InputError, LimitError, UnavailableError
from safety_core.model.facts import Facts
from safety_core.model.verdict import Decision, Hit

DEADLINE: Final = 1.0
"""Seconds for one call; the slowest honest one is a hundred times faster."""

MEMO_SIZE: Final = 4096
"""Decisions kept: a few kilobytes each."""


class RegoEngine:
    """Judges in a child process, one call at a time, and remembers exact answers."""

    def __init__(
        self, *, deadline: float = DEADLINE, load_deadline: float = LOAD_DEADLINE, memo: int = MEMO_SIZE
    ) -> None:
        self._deadline = deadline
        self._load_deadline = load_deadline
        self._memo_size = memo
        self._memo: OrderedDict[Facts, Decision] = OrderedDict()
        self._lock = asyncio.Lock()
        self._bundle: TrustedBundle | None = None
        self._index = RuleIndex({})
        self._child: RegoChild | None = None

    async def load(self, bundle: TrustedBundle) -> None:
        """Judge by `bundle` from now on.

        Raises:
            UnavailableError: the rules do not load; the bundle before stays in force.
        """
        async with self._lock:
            child = await self._start(bundle)
            await self._stop()
            self._child, self._bundle = child, bundle
            self._index = RuleIndex(bundle.guards)
            self._memo.clear()

    async def judge(self, facts: Facts) -> Decision:
        """Return every rule that fires for `facts`.

        Raises:
            UnavailableError: no answer in time, or none that can be read.
        """
        async with self._lock:
            known = self._memo.get(facts)
            if known is not None:
                self._memo.move_to_end(facts)
                return known
            bundle = self._loaded()
            rules = self._index.candidates((action.kind.value, action.subject) for action in facts.actions)
            decision = Decision(await self._ask(bundle, rules, facts.to_json()), bundle.revision)
            self._memo[facts] = decision
            if len(self._memo) > self._memo_size:
                self._memo.popitem(last=False)
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
        listed: list[Json] = [*rules]
        try:
            return read_hits([*await self._child.request({"ask": listed, "input": facts})], "answer")
        except LimitError:
            raise
        except InputError as error:
            await self._stop()
            raise UnavailableError("policy engine", f"gave an answer that cannot be read ({error})") from error
        except BaseException:  # a cancelled call too: its answer must never be taken for the next one's
            await self._stop()
            raise

    async def _start(self, bundle: TrustedBundle) -> RegoChild:
        rules, data = bundle.rules, bundle.rule_data
        return await RegoChild.start(rules, data, deadline=self._deadline, load_deadline=self._load_deadline)

    async def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.kill()
