"""Signatures against botocore's, over paths, queries, headers and bodies of every kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import botocore.auth
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.sigv4 import Credentials, Signer

SECRET = "w" + "Jalr/XUtnF+EMI" * 2
KEY_ID = "AKIA" + "IOSFODNN7"
NOW = 1_795_699_200.25

SEGMENTS = st.text(st.sampled_from("abzAZ09-._~%:@!$'()*,;=+ äß"), max_size=12)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.text(st.sampled_from("ab12=&%3D-_.~+"), max_size=20)
VALUES = st.text(st.sampled_from("abc  12;=/,\t"), max_size=20)
NAMES = st.sampled_from(
    ["content-type", "x-amz-user-agent", "x-amzn-bedrock-trace", "x-amz-meta-a", "x-amzn-bedrock-guardrailidentifier"]
)
HOSTS = st.sampled_from(
    [
        "https://bedrock-runtime.eu-central-1.amazonaws.com",
        "https://Bedrock-Runtime.eu-central-1.amazonaws.com:443",
        "https://bedrock.example:8443",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://edge.example:80",
    ]
)


def theirs(method: str, url: str, headers: dict[str, str], body: bytes, token: str) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    credentials = botocore.credentials.Credentials(KEY_ID, SECRET, token or None)
    moment = datetime.fromtimestamp(NOW, UTC)
    with patch.object(botocore.auth, "get_current_datetime", lambda: moment):
        botocore.auth.SigV4Auth(credentials, "bedrock", "eu-central-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def ours(method: str, url: str, headers: dict[str, str], body: bytes, token: str) -> dict[str, str]:
    signer = Signer(Credentials(KEY_ID, SECRET, token), "eu-central-1", "bedrock")
    sent = tuple((name.encode(), value.encode()) for name, value in headers.items())
    extra = ((b"user-agent", b"Boto3/1"), (b"accept", b"*/*"), (b"x-amzn-trace-id", b"Root=1"))
    signed = signer.signed(method, url, (*sent, *extra), body, NOW)
    assert signed[: len(sent) + len(extra)] == (*sent, *extra)
    return {name.decode(): value.decode() for name, value in signed if (name, value) not in extra}


@given(
    st.sampled_from(["POST", "GET"]),
    HOSTS,
    PATHS,
    QUERIES,
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.binary(max_size=50),
    st.sampled_from(["", "session" + "//token=="]),
)
def test_a_signature_is_the_one_that_botocore_makes(
    method: str, host: str, path: str, query: str, headers: dict[str, str], body: bytes, token: str
) -> None:
    url = f"{host}{path}" + (f"?{query}" if query else "")
    assert ours(method, url, headers, body, token) == theirs(method, url, headers, body, token)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse",
        "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-v1%3A0/invoke",
        "/model/us.anthropic.claude-v1:0/converse-stream",
        "/a//b/./c/../d/",
        "/../..",
    ],
)
def test_a_models_id_is_signed_as_it_was_sent(path: str) -> None:
    url = f"https://bedrock-runtime.eu-central-1.amazonaws.com{path}"
    assert ours("POST", url, {}, b"{}", "") == theirs("POST", url, {}, b"{}", "")


def test_headers_that_repeat_are_signed_as_one() -> None:
    signer = Signer(Credentials(KEY_ID, SECRET), "us-east-1", "bedrock")

    def signature(*headers: tuple[bytes, bytes]) -> bytes:
        return dict(signer.signed("POST", "https://h.example/", headers, b"", NOW))[b"authorization"]

    twice = signature((b"x-amz-a", b"1"), (b"x-amz-a", b" 2  3 "))
    assert twice == signature((b"x-amz-a", b"1,2 3"))
    assert twice != signature((b"x-amz-a", b"2 3,1"))


def test_nothing_prints_the_secret() -> None:
    shown: Any = repr(Signer(Credentials(KEY_ID, SECRET, "tok" + "en-1"), "us-east-1", "bedrock"))
    assert KEY_ID in shown
    assert SECRET not in shown
    assert "token-1" not in shown
