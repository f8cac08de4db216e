"""Which request of which provider a client makes, by the path alone.

`/<provider>/...` for every provider in the settings (what follows the provider's name is appended to its base URL), and
the same without a name for the first provider whose API has such a path (`/v1/chat/completions`).
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from proxy.egress.client_token import leaving_query
from proxy.providers.dialects import DIALECTS, Api, api_for, part_of
from proxy.providers.realtime import SOCKETS
from proxy.settings import Provider
from safety_core.flow.dialect import Operation
from safety_core.flow.exchange import Prompt
from safety_core.model.tool_call import AgentId

Scope: TypeAlias = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `path`: what follows the base URL."""

    provider: Provider
    api: Api
    path: str

    def prompt(self, scope: Scope, operation: Operation, agent: AgentId, body: bytes = b"") -> Prompt:
        """Return the request as the flows see it: a client's own token goes nowhere in its query."""
        query = leaving_query(query_of(scope))
        target = f"{self.path}?{query}" if query else self.path
        headers = tuple((name, value) for name, value in scope["headers"])
        method, secret = scope.get("method", "GET"), self.provider.key_secret  # a socket begins with a GET
        return Prompt(agent, self.provider.name, self.api, operation, secret, method, target, headers, body)

    def unlisted(self, method: str) -> tuple[int, str]:
        """Return the status and the text with which a request that this provider's API does not list is refused."""
        if self.api.paths.has(self.path):
            return 405, f"{method} is not allowed here"
        fix = self.api.paths.nearly(method, self.path) or "use a listed one: docs/egress.md, Providers"
        return 404, f"path: is not listed for {self.provider.name}. Fix: {fix}"


def route_of(providers: Sequence[Provider], scope: Scope) -> Route | None:
    """Return where a request goes; None where its path begins with no provider's name and is of no provider's API."""
    method, path = scope["method"], path_of(scope)
    for provider in providers:
        if path.startswith(f"/{provider.name}/"):
            inner = path.removeprefix(f"/{provider.name}")
            return Route(provider, api_for(provider.dialect, method, inner), inner)
    for provider in providers:
        if found := part_of(provider.dialect, method, path):
            return Route(provider, found, path)
    return None


def socket_route_of(providers: Sequence[Provider], scope: Scope) -> Route | None:
    """Return where a request for a socket goes; None where no provider has such a socket."""
    path = path_of(scope)
    for provider in providers:
        inner = path.removeprefix(f"/{provider.name}") if path.startswith(f"/{provider.name}/") else path
        if inner in SOCKETS.get(provider.dialect, ()):
            return Route(provider, DIALECTS[provider.dialect], inner)
    return None


def query_of(scope: Scope) -> str:
    """Return the query as it was sent."""
    query: bytes = scope.get("query_string", b"")
    return query.decode("latin-1")


def path_of(scope: Scope) -> str:
    """Return the path as it was sent: what is decoded and encoded again may name something else."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0]
