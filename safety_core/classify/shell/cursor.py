"""A place in a text, with the bounds of reading it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from safety_core.classify.shell.nodes import Part, Redirect, Sequence

DEEPEST: Final = 40
"""Quotes, substitutions and commands inside of each other; bash itself has no bound, and nobody writes that deep."""

MOST_TRIES: Final = 8
"""Times that `((` may turn out not to begin an expression: each time, what follows is read once more."""


class UnreadableError(Exception):
    """The text does not follow the grammar from here on."""


class TooDeepError(UnreadableError):
    """The text is nested deeper than is followed."""


class Cursor(ABC):
    """A place in a text."""

    def __init__(self, text: str, depth: int = 0, doubts: dict[str, None] | None = None) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.doubts: dict[str, None] = {} if doubts is None else doubts
        self.tries = MOST_TRIES
        self.begun: list[Part] = []
        """Parts of a word of which the rest is still to come."""
        self.documents: list[tuple[Redirect, str, bool]] = []
        """Here-documents whose lines are still to come: the redirection, the last line, and whether it was quoted."""
        self._joins = "\\\n" in text

    @abstractmethod
    def script(self, end: str) -> Sequence:
        """Read commands up to `end` and pass it (see `grammar`)."""

    @abstractmethod
    def sub_script(self, text: str) -> Sequence:
        """Read a text of its own, as it stands between backquotes (see `grammar`)."""

    def enter(self) -> None:
        """Go one level deeper, which the caller undoes."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TooDeepError

    def join(self, at: int) -> None:
        """Take out line continuations that stand at `at`."""
        while self._joins and self.text.startswith("\\\n", at):
            self.text = self.text[:at] + self.text[at + 2 :]

    def join_sign(self) -> None:
        """Take out line continuations inside of a sign such as `&&` that begins here."""
        if self._joins and self.text[self.at : self.at + 1] in {"&", "|", ";", "<", ">", "("}:
            self.join(self.at + 1)

    def expect(self, text: str) -> None:
        """Pass `text`, which must stand here."""
        if not self.text.startswith(text, self.at):
            raise UnreadableError
        self.at += len(text)

    def blanks(self) -> None:
        """Pass blanks, line continuations and a comment."""
        while True:
            character = self.text[self.at : self.at + 1]
            if character in {" ", "\t"}:
                self.at += 1
            elif character == "\\" and self.text.startswith("\\\n", self.at):
                self.join(self.at)
            elif character == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
                return
            else:
                return
