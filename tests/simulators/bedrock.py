"""A fake Amazon Bedrock: checks each request's signature with botocore's own code, on what came over the wire, and
answers as converse or as a model's own API would.

    async with Model(Bedrock("hello")) as model: ...
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from safety_core.cli.demo.model import Chunk, Received, Reply
from safety_core.wire import aws_events

KEY_ID = "ASIA" + "EDGE2OWN3KEY4"
SECRET_KEY = "q8" + "Zr+4Tn/" + "vW2mLx7Kd9" + "HsYp3Bf6Gj0CaQeUt1"
SESSION = "IQoJb3" + "JpZ2luX2VjE" + "Hw8qT4mZxv=="
REGION = "eu-central-1"
VAULT = json.dumps(
    {"access_key_id": KEY_ID, "secret_access_key": SECRET_KEY, "session_token": SESSION, "region": REGION}
)

USAGE = {"inputTokens": 30, "outputTokens": 7, "totalTokens": 37, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0}
METRICS = {
    "inputTokenCount": 30,
    "outputTokenCount": 7,
    "invocationLatency": 400,
    "firstByteLatency": 200,
}
STREAM = (("content-type", aws_events.MEDIA_TYPE),)


def signature_trouble(request: Received, *, region: str = REGION) -> str:
    """Return what is wrong with a request's signature, empty if it is the one that botocore would have made."""
    sent = dict(request.headers)
    given = sent.get("authorization", "")
    if sent.get("x-amz-security-token") != SESSION:
        return "the session token is missing"
    if f"Credential={KEY_ID}/" not in given:
        return "not signed by the key of the edge"
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: sent[name] for name in names if name not in {"host", "x-amz-date"}}
    url = f"http://{sent['host']}{request.target}"
    again = botocore.awsrequest.AWSRequest(request.method, url, headers=headers, data=request.body)
    moment = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    credentials = botocore.credentials.Credentials(KEY_ID, SECRET_KEY, SESSION)
    with patch.object(botocore.auth, "get_current_datetime", lambda: moment):
        botocore.auth.SigV4Auth(credentials, "bedrock", region).add_auth(again)
    return "" if again.headers["Authorization"] == given else "The request signature we calculated does not match"


def event(kind: str, payload: Mapping[str, Any]) -> bytes:
    """Return an event of converse-stream."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return aws_events.written(headers, json.dumps({**payload, "p": "abcdefgh"}).encode())


def chunk(inner: Mapping[str, Any]) -> bytes:
    """Return a model's own event."""
    return event("chunk", {"bytes": base64.b64encode(json.dumps(inner).encode()).decode()})


def exception(kind: str, message: str) -> bytes:
    """Return an exception in the middle of a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return aws_events.written(headers, json.dumps({"message": message}).encode())


def refusal(status: int, kind: str, message: str) -> Reply:
    """Return an error as AWS sends it."""
    headers = (("content-type", "application/json"), ("x-amzn-errortype", f"{kind}:http://internal.example/"))
    return Reply(status, headers, [json.dumps({"message": message}).encode()])


def pieces(text: str, size: int = 4) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def claude_events(text: str) -> list[dict[str, Any]]:
    """Return the events of Anthropic's models on Bedrock."""
    usage = {"input_tokens": 30, "output_tokens": 1}
    start = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "usage": usage, "stop_reason": None}
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces(text)]
    ending = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        ending,
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS},
    ]


@dataclass
class Bedrock:
    """A script. `before` is played first, one reply for each request; then it says `text`, or asks for `call`.

    Attributes:
        own: the events of a model's own stream; Anthropic's if empty.
        troubles: what was wrong with the signatures, one for each request.
    """

    text: str = "hello"
    call: Mapping[str, Any] | None = None
    before: list[Reply] = field(default_factory=list)
    own: Sequence[Mapping[str, Any]] = ()
    signed: bool = True
    troubles: list[str] = field(default_factory=list)

    def __call__(self, request: Received) -> Reply:
        trouble = signature_trouble(request) if self.signed else ""
        self.troubles.append(trouble)
        if trouble:
            return refusal(403, "InvalidSignatureException", trouble)
        if self.before:
            return self.before.pop(0)
        _, _, model, operation = request.target.partition("?")[0].split("/")
        if operation == "converse":
            return self._whole({"output": {"message": self._message()}, "stopReason": self._stop, "usage": USAGE,
                                "metrics": {"latencyMs": 400}})  # fmt: skip
        if operation == "converse-stream":
            return Reply(200, STREAM, self._converse())
        if operation == "invoke":
            return self._invoked(unquote(model))
        if operation == "count-tokens":
            return self._whole({"inputTokens": 30})
        return Reply(200, STREAM, [chunk(own) for own in self.own or claude_events(self.text)])

    @property
    def _stop(self) -> str:
        return "tool_use" if self.call else "end_turn"

    def _message(self) -> dict[str, Any]:
        use = {"toolUse": {"toolUseId": "tooluse_1", "name": "exec", "input": self.call}}
        return {"role": "assistant", "content": [use if self.call else {"text": self.text}]}

    def _whole(self, document: Mapping[str, Any], *headers: tuple[str, str]) -> Reply:
        return Reply(200, (("content-type", "application/json"), *headers), [json.dumps(document).encode()])

    def _invoked(self, model: str) -> Reply:
        if "anthropic" in model:
            content = [{"type": "text", "text": self.text}]
            usage = {"input_tokens": 30, "output_tokens": 7}
            return self._whole({"type": "message", "role": "assistant", "content": content, "usage": usage})
        counts = (("x-amzn-bedrock-input-token-count", "30"), ("x-amzn-bedrock-output-token-count", "7"))
        return self._whole({"outputs": [{"text": self.text, "stop_reason": "stop"}]}, *counts)

    def _converse(self) -> list[Chunk]:
        start = {"toolUse": {"toolUseId": "tooluse_1", "name": "exec"}} if self.call else None
        text = json.dumps(self.call) if self.call else self.text
        deltas = [{"toolUse": {"input": piece}} if self.call else {"text": piece} for piece in pieces(text)]
        return [
            event("messageStart", {"role": "assistant"}),
            *([event("contentBlockStart", {"start": start, "contentBlockIndex": 0})] if start else []),
            *(event("contentBlockDelta", {"delta": delta, "contentBlockIndex": 0}) for delta in deltas),
            event("contentBlockStop", {"contentBlockIndex": 0}),
            event("messageStop", {"stopReason": self._stop}),
            event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 400}}),
        ]
