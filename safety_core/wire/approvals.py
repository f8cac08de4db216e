"""Requests and grants as JSON: what edge, hub and approver send each other, and what both sides keep.

Parsing takes nothing on faith but proves nothing either: who signed a grant, and for what, is `safety_core.approve`'s.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.canonical import Digest, JsonObject
from safety_core.errors import InputError
from safety_core.model.approval import ApprovalRequest, Grant, KeyId, RequestId
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId
from safety_core.wire.reader import Reader

ID: Final = re.compile(r"[0-9a-f]{32}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
REASON_LIMIT: Final = 64 * 1024
"""Characters of a request's reasons: one sentence for each rule that fired."""


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
    }


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
    )
    body.done()
    return request


def grant_to_json(grant: Grant) -> JsonObject:
    """Return the JSON form of a grant."""
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
    }


def grant_from_json(body: Reader) -> Grant:
    """Return the grant that `body` holds, not yet believed, or raise InputError naming the field."""
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
        signature=_shaped(body, "signature", SIGNATURE),
    )
    body.done()
    return grant


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
