"""The APIs by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from proxy.providers.anthropic import Anthropic
from proxy.providers.openai import OpenAi
from safety_core.flow.dialect import Dialect


class Api(Dialect, Protocol):
    """A dialect, and how its provider is spoken to.

    Attributes:
        paths: what may be posted to.
        key_header: the header that carries the key, and what stands before it.
    """

    @property
    def paths(self) -> frozenset[str]:
        """What may be posted to."""

    @property
    def key_header(self) -> tuple[bytes, bytes]:
        """The header that carries the key, and what stands before it."""


DIALECTS: Final[Mapping[str, Api]] = MappingProxyType({"openai": OpenAi(), "anthropic": Anthropic()})
