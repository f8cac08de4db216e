"""Stripe's meter events through the official library, imported only where a key is configured.

Source: Stripe API reference, "Create a billing meter event" (POST /v1/billing/meter_events): `identifier` is unique
for at least 24 hours, `timestamp` at most 35 days old, `value` a text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

from hub.settings import Settings
from hub.store.billing import Meter, MeterEvent
from safety_core.errors import InputError

RETRIES: Final = 2
"""What the library repeats on its own within one attempt, under one idempotency key."""


class Answer(Enum):
    """What came of sending an event."""

    TAKEN = auto()
    REFUSED = auto()
    LATER = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """Stripe's answer, and its words where it did not take the event."""

    answer: Answer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stripe:
    """Sends meter events. `names`: of each meter that is exported, the event name that Stripe knows it by."""

    names: Mapping[Meter, str]
    client: Any = field(repr=False)

    async def send(self, event: MeterEvent) -> Said:
        """Send one event. The same one again is counted once, by its identifier."""
        return await asyncio.to_thread(self._send, event)

    def _send(self, event: MeterEvent) -> Said:
        from stripe import (
            APIConnectionError,
            APIError,
            AuthenticationError,
            IdempotencyError,
            PermissionError,
            RateLimitError,
            StripeError,
        )

        params = {
            "event_name": self.names[event.meter],
            "identifier": event.identifier,
            "timestamp": event.hour,
            "payload": {"stripe_customer_id": event.customer, "value": str(event.value)},
        }
        try:
            self.client.v1.billing.meter_events.create(params, {"idempotency_key": event.identifier})
        except (APIConnectionError, APIError, RateLimitError, IdempotencyError) as error:
            return Said(Answer.LATER, _words(error))
        except (AuthenticationError, PermissionError) as error:
            return Said(Answer.LATER, f"the key is not accepted: {_words(error)}")
        except StripeError as error:
            taken = "already exists with identifier" in (error.user_message or "").lower()
            return Said(Answer.TAKEN) if taken else Said(Answer.REFUSED, _words(error))
        return Said(Answer.TAKEN)


def _words(error: Any) -> str:
    return f"{type(error).__name__} {error.http_status or ''}: {error.user_message or ''}".strip()


def stripe_from(settings: Settings, names: Mapping[Meter, str]) -> Stripe:
    """Return the way to Stripe that is configured.

    Raises:
        InputError: the key file cannot be read, or the library is not installed.
    """
    try:
        import stripe
    except ImportError as error:
        raise InputError("stripe", "is not installed", "pip install 'safety-gateway[billing]'") from error
    key = _key(Path(settings.stripe_key_file))
    where = {"base_addresses": {"api": settings.stripe_url}} if settings.stripe_url else {}
    options: dict[str, Any] = {
        **where,
        "max_network_retries": RETRIES,
        "http_client": stripe.RequestsClient(timeout=20),
    }
    return Stripe(names, stripe.StripeClient(key, **options))


def _key(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise InputError(str(path), "can be read by others", f"chmod 600 {path}")
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), "cannot be read", "put Stripe's restricted key into it") from error
