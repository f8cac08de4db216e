"""What the egress listener may do, checked before it starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from ada_url import URL

from proxy.providers.dialects import DIALECTS
from safety_core.errors import InputError
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Provider:
    """One upstream that prompts may go to.

    Attributes:
        name: first segment of the path at the edge, and the provider's name in usage and audit ("openai").
        dialect: which API it speaks.
        base_url: scheme, host and an optional path in front of "/v1/..." ("https://api.openai.com").
        secret: name of the vault entry that holds its key.
        private: its address may be loopback or private (a model on this machine, a test).
    """

    name: str
    dialect: Literal["openai", "anthropic"]
    base_url: str
    secret: SecretName
    private: bool = False


@dataclass(frozen=True, slots=True)
class EgressSettings:
    """What the listener may do.

    Attributes:
        clients: sha256 (64 lower-case hexadecimal digits) of a client's token -> the agent it speaks for.
        body_limit: bytes of a request body, and of a response body that is not a stream.
        connect_seconds, silence_seconds: to the first byte of a connection, and between two chunks of a response.
    """

    providers: tuple[Provider, ...]
    clients: Mapping[str, AgentId] = field(default_factory=dict)
    body_limit: int = 32 * 1024 * 1024
    connect_seconds: float = 10.0
    silence_seconds: float = 600.0


def check_settings(settings: EgressSettings) -> None:
    """Raise InputError for a provider or client that is not what it must be."""
    names = [provider.name for provider in settings.providers]
    for provider in settings.providers:
        where = f"provider {provider.name}"
        if not _NAME.fullmatch(provider.name) or names.count(provider.name) > 1:
            raise InputError(where, "must have a name of its own, of a-z 0-9 _ -")
        if provider.dialect not in DIALECTS:
            raise InputError(where, f"speaks an unknown dialect; known: {', '.join(DIALECTS)}")
        _check_url(where, provider)
    if not all(_DIGEST.fullmatch(digest) for digest in settings.clients):
        raise InputError("clients", "must be named by the sha256 of their token, 64 lower-case hexadecimal digits")


def _check_url(where: str, provider: Provider) -> None:
    try:
        url = URL(provider.base_url)
    except ValueError as error:
        raise InputError(where, "has a base URL that is none") from error
    if url.protocol != "https:" and not (provider.private and url.protocol == "http:"):
        raise InputError(where, "must have an https base URL", "http is for providers that are listed as private")
    if url.username or url.password or url.search or url.hash or provider.base_url.endswith("/"):
        raise InputError(where, "must have a base URL of scheme, host and path only, without a final slash")
