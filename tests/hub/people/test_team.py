"""Signing in with the team's OpenID provider, and all that a provider, a browser or a third party could try."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from hub.people import directory, oidc
from hub.settings import Settings
from hub.store import deeds, sessions
from safety_core.errors import InputError
from tests.simulators.arriving import joined, keep_cookie
from tests.simulators.hub import RunningHub, running_hub
from tests.simulators.openid import CLIENT, OpenidProvider, ec_key, openid_provider
from tests.simulators.visitors import browser, person_with


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[OpenidProvider]:
    async with openid_provider(lambda: 1_800_000_000.0) as made:
        secret = tmp_path / "oidc.secret"
        secret.write_text(made.secret + "\n")
        secret.chmod(0o600)
        yield made


@pytest.fixture
async def team(provider: OpenidProvider, database_url: str, tmp_path: Path) -> AsyncIterator[RunningHub]:
    given = {"oidc_client": CLIENT, "oidc_secret_file": str(tmp_path / "oidc.secret"), "oidc_name": "Example"}
    async with running_hub(tmp_path / "hub", database_url, oidc_issuer=provider.url, **given) as running:
        yield running


async def begun(hub: RunningHub, after: str = "/history") -> tuple[httpx2.AsyncClient, str]:
    """Return a browser on its way, and the address at the provider."""
    http = browser(hub)
    answer = await http.get(f"/sign-in/team?next={after}")
    assert answer.status_code == 303, answer.text
    return http, answer.headers["location"]


async def came(hub: RunningHub, provider: OpenidProvider) -> httpx2.Response:
    http, address = await begun(hub)
    return await back(hub, http, provider.sign_in(address))


async def back(hub: RunningHub, http: httpx2.AsyncClient, address: str) -> httpx2.Response:
    return await http.get(address.removeprefix(hub.context.settings.origin))


async def olga(hub: RunningHub, email: str = "Olga@Example.com") -> Any:
    person = await directory.add(hub.context, "Olga", email)
    await person_with(hub, "Olga", ("owner", "acme"))
    return person


async def test_somebody_added_signs_in_with_the_team(team: RunningHub, provider: OpenidProvider) -> None:
    person = await olga(team)
    answer = await came(team, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/history")
    http = browser(team)
    keep_cookie(team, http, answer)
    assert "Olga" in (await http.get("/settings")).text
    async with team.context.database.read() as connection:
        (session,) = await sessions.of_person(connection, person.id, team.clock.now)
    assert (session.method, session.confirmed) == ("oidc", team.clock.now)
    provider.email = "changed@example.com"
    assert (await came(team, provider)).status_code == 303, "from now on the subject says who it is"


async def test_a_sign_in_of_somebody_with_a_passkey_is_no_confirmation(
    team: RunningHub, provider: OpenidProvider
) -> None:
    await joined(team, await olga(team))
    answer = await came(team, provider)
    http = browser(team)
    keep_cookie(team, http, answer)
    assert (await http.get("/settings/passkey")).headers["location"] == "/confirm?next=/settings/passkey"


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_is_nobodys(
    team: RunningHub, provider: OpenidProvider, verified: Any
) -> None:
    await olga(team)
    provider.verified = verified
    assert (await came(team, provider)).status_code == 401


async def test_nobody_is_let_in_whom_nobody_added(team: RunningHub, provider: OpenidProvider) -> None:
    assert (await came(team, provider)).status_code == 401
    person = await olga(team)
    await directory.add(team.context, "Olga the other", "olga@example.com")
    assert (await came(team, provider)).status_code == 401, "an address of two people is nobody's"
    await directory.shut_out(team.context, await directory.find(team.context, "Olga the other"))
    assert (await came(team, provider)).status_code == 303
    provider.subject = "subject-2"
    assert (await came(team, provider)).status_code == 401, "another subject takes no bound person over"
    provider.subject = "subject-1"
    await directory.shut_out(team.context, person)
    assert (await came(team, provider)).status_code == 401
    async with team.context.database.read() as connection:
        said = [deed.deed for _, deed in await deeds.found(connection)]
    assert said.count("sign-in refused") == 4


LIES: dict[str, Callable[[OpenidProvider], object]] = {
    "another issuer": lambda it: it.claims.update(iss="https://evil.example"),
    "another audience": lambda it: it.claims.update(aud="other"),
    "several audiences, and none authorised": lambda it: it.claims.update(aud=[CLIENT, "other"]),
    "another authorised party": lambda it: it.claims.update(azp="other"),
    "expired": lambda it: it.claims.update(exp=1_799_999_000),
    "without an end": lambda it: it.claims.update(exp=None),
    "from the future": lambda it: it.claims.update(nbf=1_800_009_000),
    "another nonce": lambda it: it.claims.update(nonce="other"),
    "without a nonce": lambda it: it.claims.update(nonce=None),
    "without a subject": lambda it: it.claims.update(sub=None),
    "an empty subject": lambda it: it.claims.update(sub=""),
    "a subject that is no text": lambda it: it.claims.update(sub=5),
    "another access token": lambda it: it.claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "another key": lambda it: it.published.append(RSAKey.generate_key(2048, {"kid": "one"})),
    "no key": lambda it: it.published.append(RSAKey.generate_key(2048, {"kid": "two"})),
    "no signature": lambda it: setattr(it, "signed", unsigned),
    "algorithm none in capitals": lambda it: setattr(it, "signed", lambda claims: unsigned(claims, "NONE")),
    "signed with the client's secret": lambda it: setattr(it, "signed", lambda claims: shared(it, claims)),
    "signed with the public key as a secret": lambda it: setattr(it, "signed", lambda claims: confused(it, claims)),
    "no token": lambda it: setattr(it, "signed", lambda claims: ""),
    "calls itself otherwise": lambda it: it.about.update(issuer="https://evil.example"),
    "keys over plain HTTP elsewhere": lambda it: it.about.update(jwks_uri="http://evil.example/keys"),
    "answers with an error": lambda it: setattr(it, "status", 500),
    "sends its clients on": lambda it: setattr(it, "status", 302),
    "talks without an end": lambda it: it.about.update(noise="x" * 300_000),
}


def unsigned(claims: dict[str, Any], name: str = "none") -> str:
    parts = (json.dumps({"alg": name}), json.dumps(claims))
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


def shared(provider: OpenidProvider, claims: dict[str, Any]) -> str:
    key = OctKey.import_key(provider.secret)
    provider.published[:] = [key, provider.key]
    return jwt.encode({"alg": "HS256", "kid": key.kid}, claims, key)


def confused(provider: OpenidProvider, claims: dict[str, Any]) -> str:
    key = OctKey.import_key(base64.b64encode(provider.key.as_pem(private=False)).decode())
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key)


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_not_the_providers_word_is_refused(provider: OpenidProvider, tmp_path: Path, lie: str) -> None:
    given = {"oidc_client": CLIENT, "oidc_secret_file": str(tmp_path / "oidc.secret"), "oidc_name": "Example"}
    async with running_hub(tmp_path / "hub", oidc_issuer=provider.url, **given) as hub:
        await olga(hub)
        http, address = await begun(hub)
        LIES[lie](provider)
        answer = await back(hub, http, provider.sign_in(address))
        assert answer.status_code == 401, answer.text
        assert not [line for line in answer.headers.get_list("set-cookie") if line.startswith("safety=")]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_a_signature_of_the_provider_alone_counts(
    team: RunningHub, provider: OpenidProvider, algorithm: str
) -> None:
    await olga(team)
    provider.algorithm = algorithm
    if algorithm == "ES256":
        provider.key = ec_key()
    provider.about["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert (await came(team, provider)).status_code == 303


async def test_the_way_back_is_one_browsers_and_is_gone_once(team: RunningHub, provider: OpenidProvider) -> None:
    await olga(team)
    _, address = await begun(team)
    stolen = provider.sign_in(address)
    assert (await back(team, browser(team), stolen)).status_code == 401, "no cookie: somebody else's browser"
    victim, _ = await begun(team)
    assert (await back(team, victim, stolen)).status_code == 401, "the state is used up"
    http, address = await begun(team)
    way = provider.sign_in(address)
    other, _ = await begun(team)
    assert (await back(team, other, way)).status_code == 401, "another sign-in's cookie"
    http, address = await begun(team)
    way = provider.sign_in(address)
    assert (await back(team, http, way)).status_code == 303
    assert (await back(team, http, way)).status_code == 401


async def test_a_way_back_is_refused_when_it_is_late_empty_or_from_another_provider(
    team: RunningHub, provider: OpenidProvider
) -> None:
    await olga(team)
    http, address = await begun(team)
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert (await http.get(f"{oidc.BACK}?state={state}&error=access_denied")).status_code == 401
    http, address = await begun(team)
    assert (await back(team, http, provider.sign_in(address) + "&iss=https%3A%2F%2Fevil.example")).status_code == 401
    provider.about["authorization_response_iss_parameter_supported"] = True
    http, address = await begun(team)
    assert (await back(team, http, provider.sign_in(address))).status_code == 401, "it would have named itself"
    http, address = await begun(team)
    assert (await back(team, http, f"{provider.sign_in(address)}&iss={provider.url}")).status_code == 303
    http, address = await begun(team)
    team.clock.now += oidc.STATE_SECONDS + 1
    assert (await back(team, http, provider.sign_in(address))).status_code == 401


async def test_a_hub_without_a_provider_has_no_such_page(small_hub: RunningHub) -> None:
    assert (await browser(small_hub).get("/sign-in/team")).status_code == 404
    assert (await browser(small_hub).get(oidc.BACK)).status_code == 401
    assert "/sign-in/team" not in (await browser(small_hub).get("/sign-in")).text


async def test_a_secret_that_others_can_read_is_not_used(
    team: RunningHub, provider: OpenidProvider, tmp_path: Path
) -> None:
    await olga(team)
    (tmp_path / "oidc.secret").chmod(0o644)
    answer = await came(team, provider)
    assert answer.status_code == 500
    assert "oidc.secret" not in answer.text
    assert "set-cookie" not in answer.headers


def test_half_of_a_provider_is_no_setting(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="oidc_client"):
        Settings(tmp_path, oidc_issuer="https://id.example")
    with pytest.raises(InputError, match="https"):
        Settings(tmp_path, oidc_issuer="http://id.example", oidc_client="a", oidc_secret_file="b", oidc_name="c")
