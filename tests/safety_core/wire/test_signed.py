"""A request counts only as its tenant signed it, and only near the time at which it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from safety_core.errors import ForgedRequestError, InputError, StaleRequestError
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import (
    NONCE_SECONDS,
    SKEW_SECONDS,
    RequestStamp,
    SignedRequest,
    read_signature,
    sign_request,
    tenant_id,
    verify_request,
)

KEY = SigningKey(b"\x07" * 32)
PUBLIC = KEY.verify_key.encode().hex()
STAMP = RequestStamp(TenantId("acme"), 1_800_000_000, "ab" * 16)
TARGET = ("POST", "/v1/usage?x=1", b'{"buckets": []}')


def claim(stamp: RequestStamp = STAMP, key: SigningKey = KEY) -> SignedRequest:
    return read_signature(sign_request(*TARGET, stamp, key))


def test_what_the_tenant_signed_is_believed() -> None:
    assert verify_request(*TARGET, claim(), PUBLIC, STAMP.time + 1.0) == STAMP


def test_header_names_come_in_any_case() -> None:
    headers = {name.upper(): value for name, value in sign_request(*TARGET, STAMP, KEY).items()}
    assert read_signature(headers) == claim()


@pytest.mark.parametrize(
    "target",
    [
        ("PUT", "/v1/usage?x=1", TARGET[2]),
        ("POST", "/v1/usage?x=2", TARGET[2]),
        ("POST", "/v1/usage", TARGET[2]),
        ("POST", "/v1/usage?x=1", b"{}"),
    ],
)
def test_a_changed_request_is_forged(target: tuple[str, str, bytes]) -> None:
    with pytest.raises(ForgedRequestError):
        verify_request(*target, claim(), PUBLIC, STAMP.time)


@pytest.mark.parametrize(
    "change",
    [
        lambda stamp: replace(stamp, tenant=TenantId("globex")),
        lambda stamp: replace(stamp, time=stamp.time + 1),
        lambda stamp: replace(stamp, nonce="cd" * 16),
    ],
)
def test_a_changed_stamp_is_forged(change: Callable[[RequestStamp], RequestStamp]) -> None:
    with pytest.raises(ForgedRequestError):
        verify_request(*TARGET, replace(claim(), stamp=change(STAMP)), PUBLIC, STAMP.time)


@pytest.mark.parametrize("public", [SigningKey(b"\x08" * 32).verify_key.encode().hex(), "00" * 32, "abcd", "zz" * 32])
def test_another_key_or_none_is_forged(public: str) -> None:
    with pytest.raises(ForgedRequestError):
        verify_request(*TARGET, claim(), public, STAMP.time)


@given(st.floats(min_value=-10_000, max_value=10_000))
def test_a_request_is_believed_near_its_time_only(skew: float) -> None:
    if abs(skew) <= SKEW_SECONDS:
        assert verify_request(*TARGET, claim(), PUBLIC, STAMP.time + skew) == STAMP
    else:
        with pytest.raises(StaleRequestError):
            verify_request(*TARGET, claim(), PUBLIC, STAMP.time + skew)


def test_a_nonce_is_remembered_for_longer_than_its_request_is_believed() -> None:
    first, last = STAMP.time - SKEW_SECONDS, STAMP.time + SKEW_SECONDS
    assert first + NONCE_SECONDS > last


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Safety-Tenant", "../acme"),
        ("Safety-Tenant", ""),
        ("Safety-Time", "soon"),
        ("Safety-Time", "1e9"),
        ("Safety-Time", "\u0661"),
        ("Safety-Nonce", "ab"),
        ("Safety-Signature", "AB" * 64),
    ],
)
def test_a_malformed_header_is_refused_by_name(name: str, value: str) -> None:
    headers = {**sign_request(*TARGET, STAMP, KEY), name: value}
    with pytest.raises(InputError, match=f"header {name}"):
        read_signature(headers)
    del headers[name]
    with pytest.raises(InputError, match=f"header {name}"):
        read_signature(headers)


@pytest.mark.parametrize("name", ["a", "acme-1_x", "0" * 63])
def test_a_tenant_name_is_a_plain_word(name: str) -> None:
    assert tenant_id(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "A", "-a", "a.b", "a\n", "ä", "a" * 64])
def test_a_tenant_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="tenant"):
        tenant_id(name)
