"""Offers to a passkey: a challenge that is answered once, within minutes, for the one thing that it was drawn for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.context import Context
from hub.errors import UnauthenticatedError
from hub.store import challenges
from hub.store.challenges import Challenge
from safety_core.canonical import JsonObject
from safety_core.errors import InputError
from safety_core.wire.reader import Reader

OFFER_SECONDS: Final = 300
"""How long an offer waits: somebody may have to find their key first."""


class Ceremony(StrEnum):
    """What an offer is for; it ends no other one."""

    SIGN_IN = "passkey sign-in"
    REGISTER = "passkey register"
    CONFIRM = "passkey confirm"


@dataclass(frozen=True, slots=True)
class Answered:
    """An offer that was answered. `kept` is what its maker wanted to see again."""

    challenge: bytes
    person: str | None
    kept: bytes


async def challenge_for(context: Context, ceremony: Ceremony, person: str | None, kept: bytes) -> bytes:
    """Return a new challenge of 256 bits. `kept`: what its maker wants to see again."""
    drawn, expires = secrets.token_bytes(32), context.clock() + OFFER_SECONDS
    async with context.database.write() as connection:
        await challenges.put(connection, Challenge(_hash(drawn), ceremony, person, kept, expires))
    return drawn


async def taken(context: Context, ceremony: Ceremony, credential: JsonObject) -> Answered:
    """Return the offer that a browser's credential answers; there is none any more. Raises UnauthenticatedError."""
    challenge = _challenge_in(credential)
    async with context.database.write() as connection:
        found = await challenges.take(connection, _hash(challenge), ceremony, context.clock())
    if found is None:
        raise refused("answers no offer of ours, or too late")
    return Answered(challenge, found.person, found.body)


def _challenge_in(credential: JsonObject) -> bytes:
    """Return the challenge that the browser says it answered, never in a frame of another site."""
    try:
        response = credential["response"]
        raw = bytes_of(response["clientDataJSON"]) if isinstance(response, dict) else b""
        told = Reader.parse(raw, "client data")
        if told.has("topOrigin") or (told.has("crossOrigin") and told.flag("crossOrigin")):
            raise refused("was asked for within another site")
        return bytes_of(told.text("challenge"))
    except (InputError, KeyError) as error:
        raise refused("is not what a browser sends") from error


def _hash(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()


def text_of(raw: bytes) -> str:
    """Return base64url without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes_of(text: object) -> bytes:
    """Return what base64url stands for. Raises InputError."""
    if not isinstance(text, str):
        raise InputError("base64url", "must be text")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("base64url", "is none") from error


def refused(reason: str) -> UnauthenticatedError:
    """Return the error of a passkey that does not count."""
    return UnauthenticatedError("passkey", reason, "try again, or ask an admin for an invite")
