"""Requests and grants as JSON: what edge, hub and approver send each other, and what both sides keep.

Parsing takes nothing on faith but proves nothing either: who signed a grant, and for what, is `safety_core.approve`'s.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from safety_core.canonical import Digest, JsonObject
from safety_core.errors import InputError
from safety_core.model.approval import ApprovalRequest, Assertion, Grant, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId
from safety_core.wire.reader import Reader

ID: Final = re.compile(r"[0-9a-f]{32}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
NOTHING: Final = re.compile(r"")
BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
REASON_LIMIT: Final = 64 * 1024
"""Characters of a request's reasons: one sentence for each rule that fired."""

QUESTION_BYTES: Final = 1024 * 1024
"""Bytes of one question: a person is to read it before they answer."""


def request_to_json(request: ApprovalRequest) -> JsonObject:
    """Return the JSON form of a request."""
    return {
        "id": request.id,
        "tenant": request.tenant,
        "agent": request.agent,
        "session": request.session,
        "tool": request.tool,
        "params": request.params,
        "level": request.level.word,
        "outward": request.outward,
        "strong": request.strong,
        "rules": [*request.rules],
        "reason": request.reason,
        "action_digest": request.action_digest,
        "revision": request.revision,
        "created": request.created,
        "expires": request.expires,
        **_added(request),
    }


def _added(request: ApprovalRequest) -> JsonObject:
    """What earlier hubs do not know is left out where it says nothing."""
    added: JsonObject = {}
    if request.recipients:
        added["recipients"] = [*request.recipients]
    if request.amounts:
        added["amounts"] = [*request.amounts]
    if request.quorum != 1:
        added["quorum"] = request.quorum
    if request.edited_from is not None:
        added["edited_from"] = request.edited_from
    if request.files:
        added["files"] = {**request.files}
    return added


def request_from_json(body: Reader) -> ApprovalRequest:
    """Return the request that `body` holds, or raise InputError naming the field."""
    request = ApprovalRequest(
        id=RequestId(_shaped(body, "id", ID)),
        tenant=TenantId(body.text("tenant")),
        agent=AgentId(body.text("agent")),
        session=SessionId(body.text("session")),
        tool=body.text("tool"),
        params=body.mapping("params"),
        level=_level(body),
        outward=body.flag("outward"),
        strong=body.flag("strong"),
        rules=body.texts("rules"),
        reason=body.text("reason", limit=REASON_LIMIT),
        action_digest=Digest(_shaped(body, "action_digest", DIGEST)),
        revision=body.text("revision"),
        created=body.number("created"),
        expires=body.number("expires"),
        recipients=body.texts("recipients") if body.has("recipients") else (),
        amounts=body.texts("amounts") if body.has("amounts") else (),
        quorum=body.integer("quorum", 1, minimum=1),
        edited_from=RequestId(_shaped(body, "edited_from", ID)) if body.has("edited_from") else None,
        files=_files(body.object("files")) if body.has("files") else {},
    )
    body.done()
    return request


def _files(body: Reader) -> dict[str, Digest]:
    return {path: Digest(_shaped(body, path, DIGEST)) for path in body.keys()}  # noqa: SIM118


def grant_to_json(grant: Grant) -> JsonObject:
    """Return the JSON form of a grant."""
    asserted: JsonObject = {} if grant.assertion is None else {"assertion": assertion_to_json(grant.assertion)}
    return {
        "request": grant.request,
        "action_digest": grant.action_digest,
        "revision": grant.revision,
        "allow": grant.allow,
        "approver": grant.approver,
        "origin": grant.origin,
        "nonce": grant.nonce,
        "decided": grant.decided,
        "not_after": grant.not_after,
        "key": grant.key,
        "signature": grant.signature,
        **asserted,
    }


def grant_from_json(body: Reader) -> Grant:
    """Return the grant that `body` holds, not yet believed, or raise InputError naming the field."""
    assertion = assertion_from_json(body.object("assertion")) if body.has("assertion") else None
    grant = Grant(
        request=RequestId(_shaped(body, "request", ID)),
        action_digest=Digest(_shaped(body, "action_digest", DIGEST)),
        revision=body.text("revision"),
        allow=body.flag("allow"),
        approver=body.text("approver"),
        origin=body.text("origin"),
        nonce=_shaped(body, "nonce", ID),
        decided=body.number("decided"),
        not_after=body.number("not_after"),
        key=KeyId(body.text("key")),
        signature=_shaped(body, "signature", SIGNATURE if assertion is None else NOTHING),
        assertion=assertion,
    )
    body.done()
    return grant


def assertion_to_json(assertion: Assertion) -> JsonObject:
    """Return the JSON form of a passkey's assertion: base64url, as browsers have it."""
    return {
        "authenticator_data": _encoded(assertion.authenticator_data),
        "client_data": _encoded(assertion.client_data),
        "signature": _encoded(assertion.signature),
    }


def assertion_from_json(body: Reader) -> Assertion:
    """Return the assertion that `body` holds, not yet believed, or raise InputError naming the field."""
    assertion = Assertion(
        _decoded(body, "authenticator_data"), _decoded(body, "client_data"), _decoded(body, "signature")
    )
    body.done()
    return assertion


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decoded(body: Reader, name: str) -> bytes:
    text = body.text(name)
    if not BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise InputError(f"{body.path}.{name}", "must be base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _shaped(body: Reader, name: str, shape: re.Pattern[str]) -> str:
    value = body.text(name, limit=128)
    if not shape.fullmatch(value):
        raise InputError(f"{body.path}.{name}", f"must match {shape.pattern}")
    return value


def _level(body: Reader) -> Level:
    word = body.text("level")
    level = Level.named(word)
    if level is None:
        raise InputError(f"{body.path}.level", "must be one of " + ", ".join(level.word for level in Level))
    return level
