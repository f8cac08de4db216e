"""Which requests a command such as curl makes: method, address and body, as far as its words say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from safety_core.classify.shell.options import Invocation
from safety_core.model.facts import Kind

_URLS: Final = frozenset({"url", "httpie"})
_ASKS: Final = {"-G": "GET", "--get": "GET", "-I": "HEAD", "--head": "HEAD", "--spider": "HEAD"}
_UPLOADS: Final = frozenset({"-T", "--upload-file"})


def requests(found: Invocation) -> Iterator[tuple[str, str, str]]:
    """Yield method, address and body of each request; nothing where the program is none that makes requests."""
    if not found.entry.operands or found.entry.operands[0] not in _URLS:
        return
    urls = [value.text for _, spec, value in found.options if spec.takes == "url" and value is not None]
    method, bodies = "", []
    for word in found.operands:
        if found.entry.operands[0] == "url" or not urls:
            if word.text.isalpha() and word.text.isupper():
                method = word.text
            else:
                urls.append(word.text)
        else:
            bodies.append(word.text)
    for _, spec, value in found.options:
        if spec.takes == "method" and value is not None:
            method = value.text
        elif spec.kind is Kind.OUTWARD or spec.takes == "field":
            bodies.append(value.text if value is not None else "@")
    method = method or _implied(found, bodies)
    for url in urls:
        yield method.upper(), url, "\n".join(bodies)


def _implied(found: Invocation, bodies: list[str]) -> str:
    """Return the method of a request that names none."""
    names = {name for name, _, _ in found.options}
    asked = next((method for name, method in _ASKS.items() if name in names), "")
    return asked or ("PUT" if names & _UPLOADS else "POST" if bodies else "GET")
