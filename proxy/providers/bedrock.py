"""Amazon Bedrock: converse, and each model's own requests (invoke). Source: Amazon Bedrock API reference, "Runtime".

The vault holds either a Bedrock API key, or an access key as JSON, with which each request is signed anew:

    {"access_key_id": ..., "secret_access_key": ..., "session_token": ..., "region": ...}

The token is there for temporary keys, the region where the host's name does not tell it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import orjson

from proxy.providers.api import JsonApi
from proxy.providers.bedrock_events import BedrockShape
from proxy.providers.bedrock_framing import BedrockEvents, exception
from proxy.providers.paths import Paths
from proxy.providers.sigv4 import Credentials, Signer
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.egress_effects import Headers, UpstreamRequest
from safety_core.wire.aws_events import MEDIA_TYPE
from safety_core.wire.reader import Reader

_KINDS: Final = {
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    424: "SafetyGatewayException",
    502: "InternalServerException",
    503: "ServiceUnavailableException",
}

_REGION: Final = re.compile(r"(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z]{2,5}(?:-[a-z]+)+-\d{1,2})\.")
"""bedrock-runtime.REGION.amazonaws.com, with FIPS, dual-stack, other partitions, and endpoints of a VPC."""

_NAMED: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-\d{1,2}")
_EMBEDS: Final = re.compile(r"(?:[a-z]{2,6}\.)?(?:amazon|cohere|twelvelabs)\.[a-z0-9-]*embed[a-z0-9.:-]*")
"""Ids of models, and of inference profiles across regions, that make embeddings. Whoever has an ARN for one needs a
turn."""

_VAULT: Final = "the vault's entry for Bedrock"


class _ModelPaths(Paths):
    """Of models that make numbers of a text, to invoke one is no turn."""

    def find(self, method: str, path: str) -> Operation | None:
        """Return what a request is, or None where it is not listed."""
        found = super().find(method, path)
        if found and path.endswith("/invoke") and _EMBEDS.fullmatch(found.model):
            return replace(found, purpose=Purpose.NUMBERS)
        return found


def bedrock_url(region: str, named: str) -> str:
    """Return where Bedrock is in a region. Raises InputError, about what is `named`, where that is none of AWS's."""
    if not _NAMED.fullmatch(region):
        raise InputError(named, "must be a region of AWS", 'such as "eu-central-1"')
    return f"https://bedrock-runtime.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


class Bedrock(JsonApi):
    """Implements `proxy.providers.dialects.Api`. The path names the model, and streams state their usage unasked."""

    paths = _ModelPaths(
        ("POST", "/model/{model}/converse", Purpose.TURN),
        ("POST", "/model/{model}/converse-stream", Purpose.TURN),
        ("POST", "/model/{model}/invoke", Purpose.TURN),
        ("POST", "/model/{model}/invoke-with-response-stream", Purpose.TURN),
        ("POST", "/model/{model}/count-tokens", Purpose.COUNT),
    )
    shape = BedrockShape
    media_type = MEDIA_TYPE
    framing = BedrockEvents

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key as a bearer token, or with a signature of this request by it.

        Raises:
            InputError: the key is JSON and no access key, or nothing tells the region.
        """
        if not key.lstrip().startswith("{"):
            return (*request.headers, (b"authorization", b"Bearer " + key.encode()))
        credentials, region = _access_key(key)
        found = _REGION.search(urlsplit(url).hostname or "")
        if found is None and not region:
            raise InputError(_VAULT, "does not name the region, nor does the host", 'add "region"')
        signer = Signer(credentials, region or (found[1] if found else ""), "bedrock")
        return signer.signed(request.method, url, request.headers, request.body, now)

    def error(self, status: int, message: str) -> bytes:
        """Return {"__type", "message"}: the error's name stands in the body too, for who does not look at headers."""
        return orjson.dumps({"__type": _kind(status), "message": message})

    def error_headers(self, status: int) -> Headers:
        """Return the error's name in a header of its own."""
        return ((b"x-amzn-errortype", _kind(status).encode()),)

    def error_event(self, message: str) -> bytes:
        """Return a message that AWS's SDKs raise."""
        return exception("modelStreamErrorException", message)


def _kind(status: int) -> str:
    return _KINDS.get(status, "ValidationException")


def _access_key(key: str) -> tuple[Credentials, str]:
    """Return what a vault entry holds, and the region that it names. No error quotes it."""
    try:
        source = Reader.parse(key.encode(), "key")
        names = ("access_key_id", "secret_access_key")
        found = [source.text(name) for name in names] + [source.text(name, "") for name in ("session_token", "region")]
        source.done()
    except InputError:
        fix = 'set it to {"access_key_id": ..., "secret_access_key": ...}, or to a Bedrock API key'
        raise InputError(_VAULT, "is no access key", fix) from None
    access, secret, token, region = found
    if not (access and secret) or (region and not _NAMED.fullmatch(region)):
        raise InputError(_VAULT, "is no access key, or its region is none", "see docs/egress.md")
    return Credentials(access, secret, token), region
