"""The team's OpenID provider: what it says of itself, and who it says has signed in (OpenID Connect Core 1.0).

`identify` redeems a code and checks, in this order: the answer is JSON of bounded size; the identity token is signed by
one of the provider's published keys with an asymmetric algorithm (3.1.3.7, 6 and 8: never "none", never a key that both
sides hold); issuer, audience and authorised party are the provider's and ours (2 to 5); it is not expired (9); the
nonce is the one that this sign-in drew (11); the access token belongs to it where it says so. Left to the caller: which
person that is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.errors import UnauthenticatedError
from hub.settings import Settings
from safety_core.errors import InputError, SecretError, UnavailableError
from safety_core.wire.reader import Reader

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Of identity tokens: signatures that the provider alone can make."""

ANSWER_BYTES: Final = 256 * 1024
"""Of one answer of the provider."""

SECONDS: Final = 10.0
"""... and how long it may take: somebody waits before a screen."""

SKEW_SECONDS: Final = 60
"""How far the provider's clock may differ from ours."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization: str
    token: str
    keys: str
    post_secret: bool
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code is redeemed with: `verifier` is PKCE's (RFC 7636), `back` where the code came to."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str
    back: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has signed in. `email` only where the provider has verified it."""

    issuer: str
    subject: str
    email: str


async def discover(settings: Settings) -> Provider:
    """Return what the configured provider says of itself. Raises UnavailableError, UnauthenticatedError."""
    async with _client() as http:
        told = await _json(http, "GET", settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration")
    try:
        issuer = told.text("issuer")
        methods = told.texts("token_endpoint_auth_methods_supported", ("client_secret_basic",))
        names = told.flag("authorization_response_iss_parameter_supported", False)
        authorization, token = _address(told.text("authorization_endpoint")), _address(told.text("token_endpoint"))
        keys = _address(told.text("jwks_uri"))
    except InputError as error:
        raise _refused("says of itself what nobody can use") from error
    if issuer != settings.oidc_issuer:
        raise _refused("calls itself otherwise than in the settings (oidc_issuer)")
    return Provider(issuer, authorization, token, keys, "client_secret_basic" not in methods, names)


async def identify(settings: Settings, provider: Provider, redeemed: Redeemed, now: float) -> Identity:
    """Return who signed in. Raises UnavailableError, UnauthenticatedError."""
    form = {
        "grant_type": "authorization_code",
        "code": redeemed.code,
        "redirect_uri": redeemed.back,
        "code_verifier": redeemed.verifier,
    }
    secret = client_secret(settings)
    if provider.post_secret:
        form |= {"client_id": settings.oidc_client, "client_secret": secret}
    basic = None if provider.post_secret else httpx2.BasicAuth(settings.oidc_client, secret)
    async with _client() as http:
        answer = await _json(http, "POST", provider.token, data=form, auth=basic)
        keys = await _json(http, "GET", provider.keys)
    try:
        signed, access = (
            answer.text("id_token", limit=ANSWER_BYTES),
            answer.text("access_token", "", limit=ANSWER_BYTES),
        )
    except InputError as error:
        raise _refused("gave no identity token") from error
    return _identity(_claims(signed, keys.whole(), settings, redeemed.nonce, access, now), provider)


def _claims(signed: str, keys: Any, settings: Settings, nonce: str, access: str, now: float) -> Any:
    options = {
        "iss": {"essential": True, "value": settings.oidc_issuer},
        "aud": {"essential": True, "value": settings.oidc_client},
        "nonce": {"essential": True, "value": nonce},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }
    params = {"nonce": nonce, "client_id": settings.oidc_client, "access_token": access}
    try:
        token = jwt.decode(signed, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(now=int(now), leeway=SKEW_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused("gave an identity token that is not good here") from error
    return claims


def _identity(claims: Any, provider: Provider) -> Identity:
    subject, email = claims["sub"], claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _refused("names nobody")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return Identity(provider.issuer, subject, email if verified else "")


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False)


async def _json(http: httpx2.AsyncClient, method: str, url: str, **given: Any) -> Reader:
    try:
        async with http.stream(method, url, headers={"Accept": "application/json"}, **given) as answer:
            raw = b""
            async for part in answer.aiter_bytes():
                raw += part
                if len(raw) > ANSWER_BYTES:
                    raise _refused("says more than anybody reads")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        fix = "try again; see that the hub reaches the provider"
        raise UnavailableError("team sign-in", f"the provider did not answer ({type(error).__name__})", fix) from error
    if answer.status_code != 200:
        raise _refused(f"answered with status {answer.status_code}")
    try:
        return Reader.parse(raw, "provider's answer")
    except InputError as error:
        raise _refused("answered with something else than JSON") from error


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost"):
        return url
    raise InputError("address", "must be https")


def client_secret(settings: Settings) -> str:
    """Return the secret that the hub shows to the provider. Raises SecretError where its file cannot be used."""
    path = Path(settings.oidc_secret_file).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise SecretError(f"secret file {path}", "is open to others", f"chmod 600 {path}")
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            f"secret file {path}", f"cannot be read ({type(error).__name__})", "put the client's secret into it"
        ) from error


def _refused(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError("team sign-in", f"the provider {reason}", "try again; tell an admin of the hub")
