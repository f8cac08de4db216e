"""Words, paths and expressions that a text must not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import regex

from safety_core.baseline.rule import Rule, RuleKind
from safety_core.errors import UnscannableError

SECONDS: Final = 5.0
"""For one expression on one file; one that needs longer runs away on this text."""

MOST: Final = 200
"""Places of one rule in one file; who has more of them replaces them all at once."""


class Mentions:
    """What one rule looks for in texts, made ready."""

    def __init__(self, rule: Rule) -> None:
        flags = regex.MULTILINE | (regex.IGNORECASE if rule.ignore_case else 0)
        inside = r"[\w.-]" if rule.kind is RuleKind.DEPRECATED else r"\w"
        self._fold = rule.ignore_case
        self._rule = rule
        self._words = [
            (word.casefold() if rule.ignore_case else word, regex.compile(_whole(word, inside), flags))
            for word in rule.words
        ]
        self._expressions = [regex.compile(text, flags) for text in rule.expressions]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the places, up to `MOST`. Raises UnscannableError where an expression takes too long."""
        looked = text.casefold() if self._fold and self._words else text
        wanted: list[Any] = [form for word, form in self._words if word in looked]  # most texts hold none: that is fast
        left = MOST
        for form in [*wanted, *self._expressions]:
            try:
                for hit in form.finditer(text, timeout=SECONDS):
                    if left and hit.end() > hit.start():
                        left -= 1
                        yield hit.span()
            except TimeoutError as error:
                reason = f"takes longer than {SECONDS:g} s to look through for rule {self._rule.id}"
                raise UnscannableError("text", reason, "make its expression simpler") from error


def _whole(word: str, inside: str) -> str:
    """Return an expression for a word that is no part of a longer one; its own ends may be no letters."""
    begins = rf"(?<!{inside})" if regex.match(inside, word[0]) else ""
    ends = r"(?!\w)" if regex.match(r"[\w-]", word[-1]) else ""
    return f"{begins}{regex.escape(word)}{ends}"
