"""A remote Open Policy Agent, for those who run one. It is fed only with verified bundles.

That OPA must be ours alone: loading replaces `data.hosts`, `data.catalogue` and the modules below `safety`.
The entry module bears the revision and goes in last, after the old one was taken out: an OPA that was fed
by halves, restarted empty, or fed by somebody else answers without our revision, which is refused. One that was started
with the very bundle, and so has verified its signature itself, is not fed: an OPA compiles all of its modules anew for
each that it is given, so that feeding some hundred rules takes longer than it may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
from opa_client.errors import DeletePolicyError, RegoParseError
from opa_client.opa_async import AsyncOpaClient

from safety_core.bundle.contents import MAIN, TrustedBundle
from safety_core.bundle.golden import read_hits
from safety_core.edge.engine import facts_line
from safety_core.errors import InputError, UnavailableError
from safety_core.model.facts import Facts
from safety_core.model.verdict import Decision
from safety_core.wire.reader import Reader

DEADLINE: Final = 1.0
"""Seconds for one call."""

LOAD_DEADLINE: Final = 30.0
"""Seconds to feed a bundle, module by module: enough for about 300 rules."""

STRICT: Final = {"strict-builtin-errors": "true"}
"""A rule that errs is no answer, as in the embedded engine, instead of one that does not fire."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_FAILURES: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError, RegoParseError, DeletePolicyError)

T = TypeVar("T")


class OpaEngine:
    """Judges through one OPA's REST interface.

    Args:
        url: "https://opa.example:8181"; plain http on loopback only.
        token: bearer token, empty for none.
    """

    def __init__(self, url: str, *, token: str = "", deadline: float = DEADLINE) -> None:
        parts = urlsplit(url)
        try:
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise InputError(f"OPA at {url!r}", "must be https, or http on this machine") from error
        if not host or parts.scheme not in {"http", "https"} or (parts.scheme == "http" and host not in _LOOPBACK):
            raise InputError(f"OPA at {url!r}", "must be https, or http on this machine")
        self._options: dict[str, Any] = {
            "host": f"[{host}]" if ":" in host else host,
            "port": port or (443 if parts.scheme == "https" else 8181),
            "ssl": parts.scheme == "https",
            "token": token or None,
            "retries": 0,
            "timeout": LOAD_DEADLINE,
        }
        self._deadline = deadline
        self._client: AsyncOpaClient | None = None
        self._bundle: TrustedBundle | None = None

    async def load(self, bundle: TrustedBundle) -> None:
        """Feed `bundle` to the OPA. Raises UnavailableError; the OPA then has no policy of ours."""
        await self.close()
        self._client = AsyncOpaClient(**self._options)
        try:
            await _within(LOAD_DEADLINE, self._feed(self._client, bundle), "start it with the bundle: opa run --bundle")
        except BaseException:
            await self.close()
            raise
        self._bundle = bundle

    async def _feed(self, client: AsyncOpaClient, bundle: TrustedBundle) -> None:
        await client._init_session()  # the client has no other way in than `async with`
        held = await client.query_rule({}, "safety", "fingerprint")
        if bundle.fingerprint and isinstance(held, dict) and held.get("result") == bundle.fingerprint:
            return
        try:
            await client.delete_policy(MAIN)
        except DeletePolicyError as error:
            if error.expression != "resource_not_found":
                raise
        for name, value in bundle.rule_data.items():
            await client.update_or_create_data(value, name)
        for name, text in sorted(bundle.modules.items(), key=lambda item: item[0] == MAIN):
            await client.update_policy_from_string(text, name, rego_compat=False)

    async def judge(self, facts: Facts) -> Decision:
        """Return every rule that fires for `facts`.

        Raises:
            LimitError: the facts are too large, or hold what JSON cannot carry.
            UnavailableError: no answer in time, none that can be read, or one under another policy.
        """
        if self._client is None or self._bundle is None:
            raise UnavailableError("OPA", "has no policy", "load a bundle first")
        given = facts.to_json()
        facts_line(given)
        asked = self._client.query_rule(given, "safety", "answer", STRICT)
        try:
            answer = Reader(await _within(self._deadline, asked), "answer").object("result")
            revision, hits = answer.text("revision"), read_hits(answer.json("hits"), "answer")
        except InputError as error:
            raise UnavailableError("OPA", f"gave an answer that cannot be read ({error})") from error
        if revision != self._bundle.revision:
            raise UnavailableError(
                "OPA", "judges by another policy than the one in force", "give the edge an OPA of its own"
            )
        return Decision(hits, revision)

    async def close(self) -> None:
        """Let go of the connection. Idempotent."""
        client, self._client, self._bundle = self._client, None, None
        if client is not None:
            await client.close_connection()


async def _within(seconds: float, call: Awaitable[T], fix: str = "see whether it runs") -> T:
    try:
        async with asyncio.timeout(seconds):
            return await call
    except _FAILURES as error:
        raise UnavailableError("OPA", f"does not answer as it should ({type(error).__name__})", fix) from error
