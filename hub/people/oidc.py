"""Signing in with the team's OpenID provider: authorization code, with PKCE, state and nonce.

The state is drawn for one browser (a cookie), answered once, within minutes. Nobody is let in whom an admin has not
added: the first time, the verified e-mail address says who it is; from then on the provider's own name for them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from hub.context import Context
from hub.errors import NotFoundError, UnauthenticatedError
from hub.people import totp
from hub.people.provider import Identity, Redeemed, discover, identify
from hub.people.sessions import Browser, Opened, begin_in
from hub.roles import EVERYWHERE, Person
from hub.store import challenges, deeds, identities, passkeys
from hub.store.challenges import Challenge
from hub.store.deeds import Deed
from safety_core.wire.reader import Reader

BACK: Final = "/sign-in/team/back"
"""Where the provider sends people; registered there as the redirect URI."""

STATE_SECONDS: Final = 600
"""How long somebody may take at the provider."""

_KIND: Final = "team sign-in"


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way. `address`: where to go; `cookie`: binds the way back to this browser."""

    address: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brings back from the provider."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    cookie: str = field(repr=False)
    issuer: str | None = None


async def begin(context: Context, after: str) -> Begun:
    """Begin; `after` is the page of ours to go on to."""
    if not context.settings.oidc_issuer:
        raise NotFoundError("page", "is not there")
    provider = await discover(context.settings)
    state, nonce, verifier, cookie = (secrets.token_urlsafe(32) for _ in range(4))
    body = {"nonce": nonce, "verifier": verifier, "after": after, "browser": _hash(cookie)}
    now = context.clock()
    async with context.database.write() as connection:
        kept = Challenge(_hash(state), _KIND, None, json.dumps(body).encode(), now + STATE_SECONDS)
        await challenges.put(connection, kept)
    asked = {
        "response_type": "code",
        "client_id": context.settings.oidc_client,
        "redirect_uri": context.settings.origin + BACK,
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in provider.authorization else "?"
    return Begun(f"{provider.authorization}{mark}{urlencode(asked)}", cookie)


async def finish(context: Context, returned: Returned, browser: Browser) -> tuple[Opened, str]:
    """Return the new session, and the page to go on to.

    Raises:
        UnauthenticatedError: the way back is not this browser's, or the provider names nobody who was added here.
        UnavailableError: the provider does not answer.
    """
    try:
        return await _finish(context, returned, browser)
    except UnauthenticatedError as error:
        async with context.database.write() as connection:
            deed = Deed(context.clock(), "", EVERYWHERE, "sign-in refused", f"team: {error.reason}", browser.address)
            await deeds.note(connection, deed)
        raise


async def _finish(context: Context, returned: Returned, browser: Browser) -> tuple[Opened, str]:
    async with context.database.write() as connection:
        begun = await challenges.take(connection, _hash(returned.state), _KIND, context.clock())
    if begun is None:
        raise _refused("was not begun here, or too long ago")
    kept = Reader.parse(begun.body, "stored sign-in")
    if not hmac.compare_digest(kept.text("browser"), _hash(returned.cookie)):
        raise _refused("was begun in another browser")
    if not returned.code:
        raise _refused("did not come about: the provider says so")
    provider = await discover(context.settings)
    if returned.issuer != provider.issuer if returned.issuer is not None else provider.names_itself:
        raise _refused("came back from another provider")  # RFC 9207
    back = context.settings.origin + BACK
    redeemed = Redeemed(returned.code, kept.text("verifier"), kept.text("nonce"), back)
    found = await identify(context.settings, provider, redeemed, context.clock())
    return await _open(context, await _person(context, found), browser), kept.text("after")


async def _person(context: Context, found: Identity) -> Person:
    async with context.database.write() as connection:
        person = await identities.find(connection, found.issuer, found.subject)
        if person is None and found.email:
            person = await identities.bind(connection, found.issuer, found.subject, found.email)
            if person is not None:
                now = context.clock()
                await deeds.note(connection, Deed(now, person.name, EVERYWHERE, "team sign-in bound", found.issuer))
    if person is None:
        raise _refused("names nobody who was added here")
    return person


async def _open(context: Context, person: Person, browser: Browser) -> Opened:
    """Open a session. It counts as a confirmation only for somebody who has no stronger way here."""
    strong, now = await totp.has(context, person), context.clock()
    async with context.database.write() as connection:
        strong = strong or bool(await passkeys.of_person(connection, person.id))
        return await begin_in(connection, person, "oidc", browser, 0.0 if strong else now, now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _refused(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError("team sign-in", reason, "begin anew; ask an admin of the hub where it stays so")
