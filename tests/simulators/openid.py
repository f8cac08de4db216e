"""An OpenID provider on loopback, with keys of its own, that can be told to lie in every way that matters."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT = "hub"


@dataclass
class OpenidProvider:
    """`claims` and `about` are said otherwise than the truth; `signed` makes the token; `subject` is who signs in."""

    url: str
    clock: Callable[[], float]
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    algorithm: str = "RS256"
    subject: str = "subject-1"
    email: str = "olga@example.com"
    verified: Any = True
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    published: list[Any] = field(default_factory=list)
    signed: Callable[[dict[str, Any]], str] | None = None
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    status: int = 200

    def sign_in(self, address: str) -> str:
        """Do what a person does at the provider; return the address to which it sends them back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.given[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    async def configuration(self, _request: Request) -> Response:
        told = {
            "issuer": self.url,
            "authorization_endpoint": self.url + "/authorize",
            "token_endpoint": self.url + "/token",
            "jwks_uri": self.url + "/keys",
        }
        return JSONResponse({**told, **self.about}, self.status)

    async def authorize(self, request: Request) -> Response:
        return RedirectResponse(self.sign_in(str(request.url)), 302)

    async def keys(self, _request: Request) -> Response:
        shown = self.published or [self.key]
        return JSONResponse(KeySet(shown).as_dict(private=any(isinstance(key, OctKey) for key in shown)))

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.given.pop(form["code"], None)
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        proved = request.headers.get("authorization") == basic or form.get("client_secret") == self.secret
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if asked is None or not proved or digest.decode() != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": self._token(asked)})

    def _token(self, asked: dict[str, str]) -> str:
        now = int(self.clock())
        claims = {
            "iss": self.url,
            "sub": self.subject,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email": self.email,
            "email_verified": self.verified,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signed is not None:
            return self.signed(claims)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


def ec_key() -> Any:
    return ECKey.generate_key("P-256", {"kid": "ec"})


@asynccontextmanager
async def openid_provider(clock: Callable[[], float]) -> AsyncIterator[OpenidProvider]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = OpenidProvider(f"http://localhost:{listener.getsockname()[1]}", clock)
        routes = [
            Route("/.well-known/openid-configuration", made.configuration),
            Route("/authorize", made.authorize),
            Route("/keys", made.keys),
            Route("/token", made.token, methods=["POST"]),
        ]
        options: dict[str, Any] = {"log_level": "error", "lifespan": "off", "timeout_graceful_shutdown": 1}
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), **options))
        task = asyncio.create_task(server.serve([listener]))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn says it by a flag
            await asyncio.sleep(0.005)
        try:
            yield made
        finally:
            server.should_exit = True
            await task
