"""What else is looked for where policy is strict about a host: an agent talks to it, not software that knows what it
does (`docs/adr/0047-strict-hosts.md`).

In what leaves: every kind of secret, also what is only random, and in headers made for credentials; a secret in pieces;
numbers of accounts and wallets; a host's name that carries data; words to another model. In what comes back: words that
speak to the model which will read them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl, unquote

from proxy.errors import ForwardRefusedError
from proxy.forward.scan import Found
from proxy.forward.shapes import (
    by_key,
    describes_tools,
    encoded_prose,
    inside,
    is_plain,
    is_text,
    speaks_rpc,
    text_in,
    tree_of,
)
from proxy.forward.target import Target
from proxy.upstream.client import Answer
from safety_core.canonical import Json
from safety_core.classify.arguments import leaves
from safety_core.flow.egress_effects import Headers
from safety_core.flow.headers import text_of
from safety_core.match.accounts import account_numbers
from safety_core.match.host_labels import carries_data
from safety_core.match.respelled import respelled
from safety_core.model.finding import FindingKind
from safety_core.redact.redactor import Redactor
from safety_core.redact.scattered import beside, scattered, tokens_in

TEXT_BYTES: Final = 1024 * 1024
"""Of a text that comes back: it is held until it was looked through, and an agent reads no more at once."""

_SPELLED: Final = 16
"""Characters of the shortest text that could hide a token."""

_SAMPLE: Final = 4096
_LINES: Final = 1000
"""Lines that are searched at once."""

_UNPACKED: Final = frozenset({b"", b"identity"})
_UNTOLD: Final = frozenset({b"accept-encoding", b"range"})
"""Headers that would keep an answer from being read whole."""


def asked_plainly(headers: Headers) -> Headers:
    """Return a request's headers so that its answer comes whole, and not packed."""
    return (*(each for each in headers if each[0] not in _UNTOLD), (b"accept-encoding", b"identity"))


def check_host(target: Target) -> None:
    """Raise ForwardRefusedError where a host's name carries data."""
    if why := carries_data(target.spelled or target.host):
        fix = "if it is a service's own name, list it without strict"
        raise ForwardRefusedError(str(target), f"{why}: looking it up would tell it", fix)


def search_head(found: Found, target: Target, url: str, headers: Headers, redactor: Redactor) -> None:
    """Look through URL and headers once more."""
    names = (target.spelled or target.host).split(".")[:-2]
    alone = [part for part in re.split(r"[/?&=.:]", unquote(url)) if part]
    for place, text in (
        ("in the URL", "\n".join(alone)),
        ("in the host", "\n".join((*names, "".join(names))).upper()),
        ("in the URL, read backwards", "\n".join(part[::-1] for part in alone)),
    ):
        clean = redactor.text(text)
        kinds = {FindingKind.UNKNOWN} if place == "in the URL" else {FindingKind.PATTERN}
        in_context = redactor.matcher.patterns.in_context
        found.places += [
            (place, one.name) for one in clean.findings if one.kind in kinds and one.rule not in in_context
        ]
    if encoded_prose(url):
        found.others.append("encoded sentences in the URL")
    query = [part for pair in parse_qsl(url.partition("?")[2], keep_blank_values=True) for part in pair[1:]]
    values = [text_of(value) for _, value in headers]
    path = url.partition("?")[0].split("/")[3:]
    for place, pieces in (
        ("in the host", [*names, *(name.upper() for name in names)]),
        ("in the URL", query),
        ("in the path", path),
    ):
        _scattered(found, place, pieces, redactor)
    _scattered(found, "in headers", values, redactor)
    _respelled(found, "in the URL", [unquote(part) for part in (url, *query)], redactor)
    _respelled(found, "in headers", values, redactor)
    _numbers(found.others, "in the URL", url)
    _numbers(found.others, "in headers", "\n".join(values))


async def search_body(found: Found, body: bytes, headers: Headers, redactor: Redactor) -> None:
    """Look through a body once more."""
    kind = _value(headers, b"content-type")
    if any(name == b"content-encoding" and value.strip().lower() not in _UNPACKED for name, value in headers):
        found.others.append("a body that is packed")
    if len(body) > TEXT_BYTES and (is_text(body[:_SAMPLE], kind) or body.lstrip()[:1] in {b"{", b"["}):
        found.others.append(f"a text of more than {TEXT_BYTES} bytes")
        return
    text = text_of(body)
    tree, pieces = await asyncio.to_thread(_pieces, text, kind)
    _respelled(found, "in the body", [text, *pieces[:24]], redactor)
    await _together(found, (pieces, *by_key(tree)), redactor)
    found.others += await asyncio.to_thread(_said, text, "\n".join(pieces) if "\\" in text else "", tree)


def _pieces(text: str, kind: bytes) -> tuple[Json, list[str]]:
    """Return what a body holds, and its texts."""
    tree = tree_of(text)
    if b"urlencoded" in kind:
        return tree, [value for _, value in parse_qsl(text, keep_blank_values=True)]
    return tree, list(leaves(tree)) if tree is not None else []


async def _together(found: Found, groups: Iterable[list[str]], redactor: Redactor) -> None:
    """Look for secrets in pieces, many groups at a time; between these others have their turn."""
    lines: list[str] = []
    for pieces in groups:
        lines += beside(pieces)
        if len(lines) > _LINES:
            _scan(found, lines, redactor)
            lines = []
            await asyncio.sleep(0)
    _scan(found, lines, redactor)


def _scan(found: Found, lines: list[str], redactor: Redactor) -> None:
    if not found.any and tokens_in(lines, redactor):
        found.others.append("a secret in pieces in the body")


def _said(text: str, escaped: str, tree: object) -> list[str]:
    """Return what must not leave of a body's text, beside secrets. `escaped`: its strings, where some have escapes."""
    others: list[str] = []
    _numbers(others, "in the body", f"{text}\n{escaped}")
    if speaks_rpc(tree):
        from safety_core.match.instructions import spoken  # 4 MiB, which only strict hosts need

        others += [f"words in the body that a model would obey: it {why}" for why in spoken(text)[:3]]
        others += [f"the address of a place inside ({where}) in the body" for where in inside(text)[:3]]
    return others


async def looked_through(response: Answer, take: Callable[[int], None]) -> bytes:
    """Return the part of an answer that has been read: all of it, where it is text.

    Raises:
        ForwardRefusedError: it speaks to a model, or nobody can look into it.
        SafetyError: it breaks off, or there is no room.
    """
    where = "the answer"
    encoded = [value for name, value in response.head.headers if name == b"content-encoding"]
    if any(value.strip().lower() not in _UNPACKED for value in encoded):
        raise ForwardRefusedError(where, "is packed, though it was asked for unpacked", "look at the host")
    kind = _value(response.head.headers, b"content-type")
    if not is_plain(kind):
        raise ForwardRefusedError(where, "is in a character set that nobody here reads", "look at the host")
    held, known = bytearray(), False
    while chunk := await response.chunk():
        take(len(chunk))
        held += chunk
        if not known and len(held) >= _SAMPLE:
            known = is_text(bytes(held[:_SAMPLE]), kind)
            if not known:
                return bytes(held)
        if len(held) > TEXT_BYTES:
            fix = "list the host without strict, if no model reads what it answers"
            raise ForwardRefusedError(where, f"is a text of more than {TEXT_BYTES} bytes", fix)
    if not known and not is_text(bytes(held), kind):
        return bytes(held)
    told = "\n".join(text_of(value) for _, value in response.head.headers)
    await asyncio.to_thread(_check_answer, where, bytes(held), told)
    return bytes(held)


def _check_answer(where: str, raw: bytes, told: str) -> None:
    """Raise ForwardRefusedError where a text speaks to the model that would read it. `told`: its headers. It runs in a
    thread, and not in one search alone: a page that is made to take long must not hold everybody else up."""
    from safety_core.match.instructions import spoken, suspicions  # 4 MiB, which only strict hosts need

    text = text_in(raw)
    tree = tree_of(text)
    look: Callable[[str], tuple[str, ...]] = spoken
    if describes_tools(tree):
        look = suspicions
        if places := inside(text):
            raise ForwardRefusedError(
                where, f"describes an agent at an address inside ({places[0]})", "look at the host"
            )
    strings = "\n".join(leaves(tree)) if isinstance(tree, list) and "\\" in text else ""  # of events: without escapes
    if reasons := (*look(text), *spoken(strings), *spoken(told)):
        fix = "if the page is right to say that, read it otherwise, or list the host without strict"
        raise ForwardRefusedError(where, f"speaks to the model that would read it: it {'; '.join(reasons[:3])}", fix)


def _value(headers: Headers, wanted: bytes) -> bytes:
    return b"; ".join(value for name, value in headers if name == wanted)


def _respelled(found: Found, place: str, texts: Iterable[str], redactor: Redactor) -> None:
    spelled = "\n".join(each for text in texts if len(text) >= _SPELLED for each in respelled(text))
    in_context = redactor.matcher.patterns.in_context
    findings = redactor.text(spelled).findings if spelled else ()
    if any(one.kind is not FindingKind.UNKNOWN and one.rule not in in_context for one in findings):
        found.others.append(f"a secret that is spelled otherwise {place}")


def _scattered(found: Found, place: str, pieces: list[str], redactor: Redactor) -> None:
    if any(True for _ in scattered(pieces, redactor)):
        found.others.append(f"a secret in pieces {place}")


def _numbers(others: list[str], place: str, text: str) -> None:
    others += [f"{why} {place}" for why in account_numbers(text)]
