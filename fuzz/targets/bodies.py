"""Bodies of requests to every provider, and of their whole responses: read alike by every reader that acts on them.

The first byte says which provider and purpose; a path of that provider comes with "P".
"""

from __future__ import annotations

import json

import orjson

from fuzz.trial import Target
from proxy.fragments import parts_of
from proxy.providers.dialects import DIALECTS, api_for, part_of
from proxy.providers.proposals import proposed_in
from proxy.providers.splice import member_span, with_member
from safety_core.flow.dialect import Operation, Purpose
from safety_core.meter.recorded import usage_of
from safety_core.model.secret import SecretName
from safety_core.wire.lenient import parsed

_APIS = (*DIALECTS.values(),)
_PURPOSES = (*Purpose,)


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        if not raw:
            return
        if raw[:1] == b"P":
            _path(raw[1:].decode("latin-1"))
            return
        api, purpose = _APIS[raw[0] % len(_APIS)], _PURPOSES[raw[0] // len(_APIS) % len(_PURPOSES)]
        body = raw[1:]
        _response(body)
        prepared = api.prepare(body, Operation(purpose))
        if purpose is Purpose.LOOK and not body:
            return
        _check_model(prepared.body, prepared.model, purpose)
        if prepared.plain is not None:
            assert orjson.loads(prepared.plain) == orjson.loads(body), "what is sent as it came is something else"

    return read


def _check_model(body: bytes, model: str, purpose: Purpose) -> None:
    """Another reader of JSON finds the same model, so that what is priced is what is asked."""
    fields = json.loads(body)
    if purpose is not Purpose.BATCH and model:
        assert fields.get("model") == model, "another reader finds another model"


def _response(body: bytes) -> None:
    document = parsed(body)
    if document is None:
        return
    usage_of(body)
    proposed_in(document)
    for _, value in parts_of(SecretName("A"), body.decode("utf-8", "replace")):
        value.reveal()
    for api in _APIS:
        api.usage(document)
        left = api.forget(body)
        if left is not body:
            json.loads(left)
    if isinstance(document, dict) and body.strip().endswith(b"}"):
        _splice(body)


def _splice(body: bytes) -> None:
    try:
        whole = json.loads(body, object_pairs_hook=_once)
    except ValueError:
        return  # a member twice: nobody splices that
    if member_span(body, "stream") is not None or "stream" in whole:
        return
    changed = json.loads(with_member(body, "stream", b"true"))
    assert changed == {**whole, "stream": True}, "one member more changed something else"


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _path(text: str) -> None:
    for name in DIALECTS:
        for method in ("GET", "POST"):
            found = part_of(name, method, text)
            api_for(name, method, text).paths.nearly(method, text)
            operation = found.paths.find(method, text) if found else None
            if operation is not None:
                assert "/" not in operation.model, "a model's name leads elsewhere"
                assert ".." not in operation.model, "a model's name leads elsewhere"
