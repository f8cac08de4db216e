"""Cases that are requests, responses and sockets: real ones, through the forward proxy, to the world's servers."""

from __future__ import annotations

import json
from typing import Any, Final

from bench.agent_egress.case import Case
from bench.agent_egress.client import Got
from bench.agent_egress.frames import frame_of
from bench.agent_egress.site import Tried
from bench.agent_egress.verdict import ALLOW, BLOCK, ERROR, Verdict

_REFUSED: Final = frozenset({400, 403, 413})
_BODY: Final = ("body", "request_body")
_CARD: Final = ("agent_card", "card")
_EVENTS: Final = ("forward_refused",)


def played(case: Case, tried: Tried) -> Verdict:
    """Return what becomes of a case that is a request, a response or a socket."""
    tried.world.forget()
    _prepare(case, tried)
    if case.kind == "websocket_frame":
        return _socket(case, tried)
    if "dns_rebinding_fixture" in case.requires:
        return _twice(case, tried)
    return _judged(tried, [tried.client.send(*request) for request in _requests(case)])


def _prepare(case: Case, tried: Tried) -> None:
    """Have the world answer as the case says."""
    world, payload = tried.world, case.payload
    body = payload.get("response_body")
    if body is None and case.kind == "a2a_agent_card":
        card = next((payload[name] for name in _CARD if name in payload), None)
        body = card if card is not None else {key: value for key, value in payload.items() if key != "url"}
    if body is None:
        return
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    world.body = text.encode()
    looks = text.lstrip()[:1]
    guessed = "application/json" if looks in {"{", "["} else "text/html" if looks == "<" else "text/plain"
    stated = {str(name).lower(): str(value) for name, value in (payload.get("response_headers") or {}).items()}
    world.content_type = str(
        stated.pop("content-type", None) or payload.get("response_content_type") or f"{guessed}; charset=utf-8"
    )
    world.headers = {name: value for name, value in stated.items() if name not in {"content-length", "connection"}}
    status = payload.get("status") or payload.get("response_status") or 200
    world.status = status if isinstance(status, int) else 200


def _requests(case: Case) -> list[tuple[str, str, dict[str, str], bytes]]:
    """Return the requests of a case: method, URL, headers, body."""
    payload = case.payload
    if case.messages:
        headers = {"Content-Type": "application/json"}
        return [("POST", case.url, headers, json.dumps(each, ensure_ascii=False).encode()) for each in case.messages]
    headers = {str(name): str(value) for name, value in (payload.get("headers") or {}).items()}
    body: Any = next((payload[name] for name in _BODY if payload.get(name) is not None), "")
    raw = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
    if payload.get("content_type") and "content-type" not in map(str.lower, headers):
        headers["Content-Type"] = str(payload["content_type"])
    return [(str(payload.get("method") or ("POST" if raw else "GET")), case.url, headers, raw)]


def _judged(tried: Tried, answers: list[Got]) -> Verdict:
    for got in answers:
        if got.status in _REFUSED and got.body != tried.world.body:
            return Verdict(BLOCK, _text(got.body), evidence=tried.record("", *_EVENTS))
    if len(tried.world.seen) == len(answers) and all(_whole(got, tried) for got in answers):
        return Verdict(ALLOW)
    return Verdict(
        ERROR, f"nothing refused it, and it did not pass whole: {answers[-1].status} {_text(answers[-1].body)}"
    )


def _whole(got: Got, tried: Tried) -> bool:
    return got.status == tried.world.status and (got.body in {tried.world.body, b""} or tried.world.body in got.body)


def _twice(case: Case, tried: Tried) -> Verdict:
    """A name that leads inside the second time it is asked for: a gateway that asks twice is led there."""
    tried.world.headers = {"connection": "close"}  # so that the name is looked up again
    refused = []
    for _ in range(3):
        for request in _requests(case):
            got = tried.client.send(*request)
            refused += [got] if got.status in _REFUSED else []
    if tried.world.inside or not refused:
        return Verdict(ALLOW, "reached an address inside" if tried.world.inside else "")
    return Verdict(BLOCK, _text(refused[0].body), evidence=tried.record("", *_EVENTS))


def _socket(case: Case, tried: Tried) -> Verdict:
    wanted = [frame for frame in case.payload.get("frames") or () if isinstance(frame, dict)]
    headers = {str(name): str(value) for name, value in (case.payload.get("headers") or {}).items()}
    got, back = tried.client.upgrade(case.url, headers, [frame_of(frame) for frame in wanted])
    sent = sum(
        len(str(frame.get("payload", ""))) > 0 for frame in wanted if frame.get("opcode") not in {"ping", "close"}
    )
    if got.status == 101 and len(tried.world.frames) and sum(map(len, tried.world.frames)) >= sent:
        return Verdict(ALLOW)
    record = tried.record("", *_EVENTS)
    if got.status in _REFUSED or record:
        return Verdict(BLOCK, _text(got.body) or _text(back), evidence=record)
    return Verdict(ERROR, f"status {got.status}, {len(tried.world.frames)} frames reached the world")


def _text(raw: bytes) -> str:
    return " ".join(raw.decode("utf-8", "replace").split())[:300]
