"""The LLM egress: prompt -> redact -> egress -> meter, as one ASGI application.

    app = egress_app(settings, redactor=lambda: vault_redactor, handlers={Now: ..., Record: ..., ...})
    ...
    await app.aclose()

Routes: `/<provider>/v1/...` for every provider in the settings (what follows the provider's name is appended to its base
URL), and bare `/v1/chat/completions` and `/v1/messages` for the first provider that speaks that dialect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from safety_core.edge.driver import Handlers
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


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


class EgressApp:
    """An ASGI application that owns its upstream connections. Close it with `aclose()`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the lifespan, which it accepts and whose end closes it)."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the upstream connections."""
        raise NotImplementedError


def egress_app(
    settings: EgressSettings,
    *,
    redactor: Callable[[], Redactor],
    handlers: Handlers,
    admit: Callable[[AgentId], None] = lambda agent: None,
) -> EgressApp:
    """Return the application.

    Args:
        settings: frozen for the application's life.
        redactor: returns the redactor that holds now; asked once per request.
        handlers: perform Now, NewId, Record, Resolve, Remember and Meter (sync or async, see `safety_core.edge.driver`).
        admit: raises a SafetyError where this agent may not talk to a model now (its plugin is not checked in); the
            client gets it as 403 in the provider's own shape.
    """
    raise NotImplementedError
