"""What a WebDAV server answers, read without entities: an answer that defines one is refused whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

DEEPEST: Final = 40
MOST: Final = 200_000
"""Elements of one answer: some 20,000 events."""

DAV: Final = "DAV: "
CALDAV: Final = "urn:ietf:params:xml:ns:caldav "
CARDDAV: Final = "urn:ietf:params:xml:ns:carddav "


@dataclass(slots=True)
class Element:
    """One element: its name with its namespace before it ("DAV: href"), its text, and what is in it."""

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the elements of this name in it, at whatever depth, in order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def first(self, name: str) -> Element | None:
        """Return the first of them."""
        return next(self.all(name), None)

    def said(self, name: str) -> str:
        """Return its text, stripped; "" where it is not there."""
        found = self.first(name)
        return found.text.strip() if found else ""


def parsed(raw: bytes) -> Element:
    """Return the outermost element.

    Raises:
        ValueError: it is no XML, defines a type or an entity, or is nested or long beyond what a server says.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    root = Element("")
    stack, count, texts = [root], 0, [[""]]

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > DEEPEST or count > MOST:
            raise ValueError
        element = Element(name, attributes=attributes)
        stack[-1].children.append(element)
        stack.append(element)
        texts.append([])

    def end(_: str) -> None:
        stack.pop().text = "".join(texts.pop())

    def data(text: str) -> None:
        texts[-1].append(text)

    def refuse(*_: object) -> None:
        raise ValueError

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse  # type: ignore[assignment]
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        raise ValueError from None
    return root.children[0]
