"""Headers that only the edge can write, against the published test vector of Standard Webhooks and the RFCs."""

from __future__ import annotations

import pytest

from safety_core.edge.execute.shown import shown_headers, signed_headers
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.resolve import Access, HttpPlan

P = SecretName("P")


def plan(*, keyed: bool = False, access: Access | None = None) -> HttpPlan:
    return HttpPlan("POST", "https://x.example", (), "", (P,), 5.0, keyed=keyed, access=access)


def shown(made: HttpPlan, key: str = "k", value: str = "open sesame", body: bytes = b"{}") -> dict[str, str]:
    return dict(shown_headers(made, {P: SecretValue(value)}, body, key))


def test_a_password_is_basic() -> None:
    basic = Access("c", basic=("Aladdin", P))
    assert shown(plan(access=basic)) == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}  # RFC 7617, section 2


def test_a_key_is_the_same_for_each_try_and_another_for_each_service() -> None:
    first = shown(plan(keyed=True, access=Access("a")), "order 1\r\nX: y")["Idempotency-Key"]
    assert first == shown(plan(keyed=True, access=Access("a")), "order 1\r\nX: y")["Idempotency-Key"]
    assert first != shown(plan(keyed=True, access=Access("b")), "order 1\r\nX: y")["Idempotency-Key"]
    assert first.isalnum()
    assert shown(plan()) == {}
    drawn = [shown(plan(keyed=True), "")["Idempotency-Key"] for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_a_signature_is_that_of_the_published_example() -> None:
    """The example of the specification's reference libraries."""
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert dict(signed_headers(b'{"test": 2432232314}', secret, message, 1614265330)) == {
        "webhook-id": message,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_may_be_plain_text_but_not_half_encoded() -> None:
    signed = Access("c", signed=P)
    headers = shown(plan(keyed=True, access=signed), value="plain")
    assert headers.keys() == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    with pytest.raises(ExecutionError, match="not base64"):
        shown(plan(access=signed), value="whsec_%%%")
