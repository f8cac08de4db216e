"""The APIs by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from proxy.providers.anthropic import Anthropic
from proxy.providers.bedrock import Bedrock
from proxy.providers.openai import OpenAi
from proxy.providers.paths import Paths
from safety_core.flow.dialect import Dialect
from safety_core.flow.egress_effects import Headers, UpstreamRequest


class Api(Dialect, Protocol):
    """A dialect, and how its provider is spoken to."""

    @property
    def paths(self) -> Paths:
        """Which requests there are."""

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the request's headers, with what shows that `key` is held.

        Args:
            url: where the request goes, query included.
            key: as it stands in the vault; empty for a provider that needs none.
            now: seconds since the epoch.
        """


DIALECTS: Final[Mapping[str, Api]] = MappingProxyType(
    {"openai": OpenAi(), "anthropic": Anthropic(), "bedrock": Bedrock()}
)
