"""One-time codes of an authenticator app (RFC 6238): SHA-1, six digits, 30 seconds, as every app has them.

A code proves that somebody holds the secret now; unlike a passkey it can be asked for by a page that lies. So it is the
second strong way: for people whose policy takes it, and never for what policy reserves for passkeys.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

import pyotp

from hub import sealing
from hub.context import Context
from hub.errors import ForbiddenError
from hub.people import limits
from hub.people.offers import bytes_of, text_of
from hub.people.sessions import SignedIn
from hub.roles import EVERYWHERE, Person
from hub.store import deeds
from hub.store import totp as store
from hub.store.deeds import Deed
from safety_core.errors import BrokenSealError, InputError
from safety_core.wire.reader import Reader

STEP_SECONDS: Final = 30
TRIES: Final = 5
"""Codes of one person in `TRY_SECONDS`: of the million codes that is a chance of 1 in 66,000 a quarter of an hour,
with the step before and the step after counting, too."""

TRY_SECONDS: Final = 900.0

SETUP_SECONDS: Final = 900
"""How long somebody may take to set their app up."""

CODE: Final = re.compile(r"[0-9]{6}")

_PURPOSE: Final = "one-time code"
_SETUP: Final = "one-time code, being set up"


async def check(context: Context, person: Person, code: str) -> bool:
    """Tell whether the code is this person's, now, and use it up. False, too, where they have none set up.

    Raises:
        TooOftenError: too many codes were tried.
    """
    await limits.spend(context, f"code {person.id}", TRIES, TRY_SECONDS)
    async with context.database.read() as connection:
        sealed = await store.secret_of(connection, person.id)
    step = None if sealed is None else _step(_opened(context, person, sealed), code, context.clock())
    async with context.database.write() as connection:
        right = step is not None and await store.use_step(connection, person.id, step)
        if not right:
            deed = Deed(context.clock(), person.name, EVERYWHERE, "one-time code refused")
            await deeds.note(connection, deed)
    if right:
        await limits.forgive(context, f"code {person.id}")
    return right


async def has(context: Context, person: Person) -> bool:
    """Tell whether the person has an authenticator app set up."""
    async with context.database.read() as connection:
        return await store.secret_of(connection, person.id) is not None


def begin(context: Context, person: Person) -> str:
    """Return a new secret, sealed, as the page that sets it up carries it; nothing is stored yet."""
    body = f'{{"secret": "{pyotp.random_base32()}", "until": {context.clock() + SETUP_SECONDS}}}'
    return text_of(sealing.seal(context.keys, _SETUP, person.id, body.encode()))


def shown(context: Context, person: Person, pending: str) -> tuple[str, str]:
    """Return (secret in base32, otpauth: address) of a secret that is being set up. Raises InputError."""
    secret = _pending(context, person, pending)
    host = context.settings.origin.partition("://")[2]
    return secret, pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=f"Safety {host}")


async def finish(context: Context, who: SignedIn, pending: str, code: str) -> None:
    """Keep a secret, once a code shows that the person's app has it.

    Raises:
        InputError: it was begun too long ago, or by somebody else.
        ForbiddenError: the code is wrong.
        TooOftenError: too many codes were tried.
    """
    person = who.person
    secret = _pending(context, person, pending)
    await limits.spend(context, f"code {person.id}", TRIES, TRY_SECONDS)
    step = _step(secret, code, context.clock())
    if step is None:
        raise ForbiddenError("code", "is not the one of now", "type what the app shows; see that its clock is right")
    sealed = sealing.seal(context.keys, _PURPOSE, person.id, secret.encode())
    async with context.database.write() as connection:
        await store.put_secret(connection, person.id, sealed, step)
        await deeds.note(connection, _deed(context, who, "authenticator app added"))


async def remove(context: Context, who: SignedIn) -> None:
    """Forget the person's secret."""
    async with context.database.write() as connection:
        await store.put_secret(connection, who.person.id, None, 0)
        await deeds.note(connection, _deed(context, who, "authenticator app removed"))


def _opened(context: Context, person: Person, sealed: bytes) -> str:
    return sealing.unseal(context.keys, _PURPOSE, person.id, sealed).decode()


def _pending(context: Context, person: Person, pending: str) -> str:
    try:
        told = Reader.parse(sealing.unseal(context.keys, _SETUP, person.id, bytes_of(pending)), "setup")
        secret, until = told.text("secret", limit=64), told.number("until")
    except (BrokenSealError, InputError) as error:
        raise InputError("authenticator app", "was not begun to be set up by you", "begin anew") from error
    if until < context.clock():
        raise InputError("authenticator app", "was begun to be set up too long ago", "begin anew")
    return secret


def _step(secret: str, code: str, now: float) -> int | None:
    """Return for which time step the code counts: now, the one before or the one after (RFC 6238, 5.2)."""
    told, current = code.replace(" ", ""), int(now) // STEP_SECONDS
    if not CODE.fullmatch(told):
        return None
    codes = pyotp.TOTP(secret)
    right = [
        step for step in (current - 1, current, current + 1) if hmac.compare_digest(codes.generate_otp(step), told)
    ]
    return right[-1] if right else None


def _deed(context: Context, who: SignedIn, deed: str) -> Deed:
    return Deed(context.clock(), who.person.name, EVERYWHERE, deed, "", who.session.address)
