"""A page in HTML -> its text, as a model reads it: what a person would not see is left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_HIDDEN: Final = frozenset({"script", "style", "head", "template", "noscript", "svg", "object"})
_BREAKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "blockquote"}
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._hidden = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where the element does; remember where a link leads."""
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BREAKS:
            self.out.append("\n- " if tag == "li" else "\n")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        """End a line, or say where a link led."""
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in _BREAKS:
            self.out.append("\n")
        elif tag == "td":
            self.out.append("  ")
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link.startswith(("http:", "https:", "mailto:")) and not self._hidden:
                self.out.append(f" <{link}>")

    def handle_data(self, data: str) -> None:
        """Keep the text, its lines run together."""
        if not self._hidden:
            self.out.append(re.sub(r"\s+", " ", data))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Take "<![...>" for a comment, as browsers do; the library raises AssertionError where it does not know it."""
        return self.parse_bogus_comment(i, report)


def text_of_page(page: str) -> str:
    """Return the text of a page; a link's address stands behind it."""
    reader = _Page()
    reader.feed(page)
    reader.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.out).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
