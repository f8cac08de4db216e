"""Headers: what would make another request of one that is listed, and secrets where nothing can take their place."""

from __future__ import annotations

import pytest

from safety_core.errors import UnscannableError
from safety_core.flow.headers import NOT_SENT, NOT_SHOWN, clean_headers
from tests.simulators.prompt_world import SECRETS, redactor

PASSWORD, TOKEN, _ = SECRETS.values()


@pytest.mark.parametrize("name", [f"x-{PASSWORD}".lower(), PASSWORD.lower(), f"a.{PASSWORD[::-1]}".lower()])
@pytest.mark.parametrize("drop", [NOT_SENT, NOT_SHOWN])
def test_a_secret_in_the_name_of_a_header_stops_it(name: str, drop: frozenset[bytes]) -> None:
    headers = ((b"accept", b"*/*"), (name.encode(), b"1"))
    with pytest.raises(UnscannableError, match="hold a secret in a name") as caught:
        clean_headers(headers, drop, redactor())
    assert PASSWORD.lower() not in str(caught.value)


def test_names_that_software_uses_pass() -> None:
    names = (b"x-stainless-retry-count", b"anthropic-version", b"openai-organization", b"idempotency-key", b"x-token")
    headers = tuple((name, b"3f0c9d2e-7b1a-4c8d-9e6f-5a4b3c2d1e0f") for name in names)
    assert clean_headers(headers, NOT_SENT, redactor()).headers == headers


@pytest.mark.parametrize(
    "name", [b"range", b"if-range", b"x-original-url", b"x-rewrite-url", b"x-http-method-override", b"x-goog-fieldmask"]
)
def test_what_would_ask_for_something_else_is_not_sent(name: bytes) -> None:
    assert clean_headers(((name, b"bytes=0-10,20-30"),), NOT_SENT, redactor()).headers == ()
