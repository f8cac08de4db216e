"""The arguments of a call -> a contact, and back to what a model reads."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.classify.arguments import leaves
from safety_core.edge.adapters.calendar.vcard import Line, line, lines_of, written
from safety_core.edge.adapters.recipients import ADDRESS
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError

FIELDS: Final = {"name": "FN", "email": "EMAIL", "phone": "TEL", "organization": "ORG", "note": "NOTE"}
LONGEST: Final = 2000
MOST: Final = 20
"""Addresses, or numbers, of one contact."""
MARK: Final = "X-SAFETY-CALL"


def made(request: Request, uid: str) -> str:
    """Return a new contact as text."""
    if not request.text("name").strip():
        raise ExecutionError("argument name", "must say who it is")
    return written([line("VERSION", "3.0"), line("UID", uid), *_given(request), _mark(request)])


def changed(request: Request, text: str) -> str:
    """Return a contact with what the call changes: a field that it names is replaced whole."""
    given = _given(request)
    names = {one.name for one in given} | {MARK, "REV"}
    names |= {FIELDS[name] for name in FIELDS if name in request.arguments}
    return written([*(one for one in read(request, text) if one.name not in names), *given, _mark(request)])


def read(request: Request, text: str) -> list[Line]:
    """Return a contact's lines. Raises ExecutionError where it is none that can be read."""
    try:
        return lines_of(text)
    except ValueError:
        raise request.refusal("has a contact that cannot be read", "look at it with another program") from None


def marked(request: Request, text: str) -> bool:
    """Tell whether this intended act wrote this state."""
    return _mark(request) in read(request, text)


def shown(request: Request, text: str) -> JsonObject:
    """Return what a model reads of a contact."""
    lines = read(request, text)
    told: JsonObject = {}
    for name, field in FIELDS.items():
        values: list[Json] = [" ".join(one.text.split())[:LONGEST] for one in lines if one.name == field]
        if values:
            told[name] = values[:MOST] if name in {"email", "phone"} else values[0]
    return told


def _given(request: Request) -> list[Line]:
    """Return the lines of the fields that the call names."""
    out: list[Line] = []
    for name, field in FIELDS.items():
        if name not in request.arguments:
            continue
        texts = [text.strip() for text in leaves(request.filled(request.arguments[name])) if text.strip()]
        if len(texts) > MOST or any(len(text) > LONGEST or re.search(r"[\x00-\x08\x0b-\x1f]", text) for text in texts):
            raise ExecutionError(f"argument {name}", f"must be at most {MOST} texts of {LONGEST} characters")
        if name not in {"email", "phone"} and len(texts) > 1:
            raise ExecutionError(f"argument {name}", "must be one text")
        if name == "email" and not all(map(ADDRESS.fullmatch, texts)):
            raise ExecutionError("argument email", "must be plain addresses", "anna@shop.example, each by itself")
        out += [line(field, text) for text in texts]
        if name == "name" and texts:
            first, _, last = texts[0].rpartition(" ")
            out.append(line("N", last, first, "", "", ""))
    return out


def _mark(request: Request) -> Line:
    return line(MARK, hashlib.sha256(request.key.encode()).hexdigest())
