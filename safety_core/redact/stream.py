"""A text that comes in pieces, without its secrets, and the same however it was cut.

Where the text may be cut is said by its own content, never by where a piece happens to end. A segment ends
  1. after a character that no token holds: a space, a quote, a bracket, a line's end. Where something that names a
     secret stands less than `NEAR` characters before, only white space and quotes end it; where the secret so named
     may hold spaces, only a line's end does;
  2. in a run of token characters, after each letter up to which the run is plainly words (`ordinary` says when), unless
     such a name stands before it and it is no URL;
  3. after `HELD` characters, whatever they are;
and never inside of a registered secret (`watch`), a private key (`armour`), the number of a card, or a reference. So
what is held back is what could still become a registered secret, also one that is spaced out, and the end of a run that
is not plainly words: 2 to 3 characters on average (`python -m bench.stream_hold`).

A segment is scanned, with `CONTEXT` characters before it, where it holds a registered secret or the beginning of a
pattern, where a name stands before it or in it, where rule 1 was suspended in it, and where it brings the characters
since the last plain word to `ODD`. In others there is nothing to find. The time that all this takes grows with the text
alone: nothing is looked at again because more of it has come.

What that covers: registered secrets whole, as they are, in other case, as JSON writes them, and spaced out by no more
than `openings` says; every pattern and encoding that is one run, up to `HELD`; values after a name; private keys. What
it does not: of a token that nobody registered and that begins like a word, the word has left (what follows is replaced,
and named, on its own); of an encoded registered secret that is broken by spaces, and of a pattern with spaces in it,
what stands before the part by which it is recognised; a value whose name comes after it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from safety_core.match.beginnings import LONGEST
from safety_core.match.patterns import PatternSet
from safety_core.model.finding import Finding
from safety_core.model.secret import SecretName, SecretValue, reference
from safety_core.redact.armour import Armour
from safety_core.redact.leads import Leads
from safety_core.redact.ordinary import Words
from safety_core.redact.redactor import Redactor
from safety_core.redact.watch import Watch

HELD: Final = 8192
"""Characters that are held back at most while a token goes on. A registered secret that is longer is held
whole."""

CONTEXT: Final = 512
"""Characters before a segment that may give it a meaning."""

NEAR: Final = 80
"""Characters up to which a name gives a value away."""

ODD: Final = 10
"""Characters that are no words from which on they are scanned: shorter secrets are registered or have names."""

_KEPT: Final = 4096
"""Characters that have left and are not dropped yet: dropping takes a copy of the rest."""

_BREAK: Final = re.compile(r"[^A-Za-z0-9_+/=.~%:@#$&!*?^|\\;<-]")
"""After this character a segment may end."""

_HARD: Final = frozenset(" \t\r\n\"'`")
_LETTER: Final = re.compile(r"[A-Za-z0-9]")
_SHORT: Final = re.compile(r"[a-z]{2,3}")
_URLS: Final = ("https://", "http://")
"""No value after a name, whatever stands before it; see `ordinary` for the password in one."""

_CARD: Final = 24
_GROUPS: Final = re.compile(r"[0-9]{4} (?:[0-9]{4,6} ){0,3}")
"""The number of a card in progress."""

_REFERENCE: Final = "SECRET_REF("


class StreamRedactor:
    """Feed it pieces of text; what it returns may leave. `end` returns the rest."""

    def __init__(self, redactor: Redactor) -> None:
        self.findings: list[Finding] = []
        """Positions are characters of the whole stream."""
        self.discovered: dict[SecretName, SecretValue] = {}
        self._redactor = redactor
        self._parts = redactor.matcher.registry.openings.parts
        self._leads = _leads(redactor.matcher.patterns)
        self._marks = [mark for part in self._parts for mark in part.marks]
        self._before = max(part.before_most for part in self._parts)
        self._after = max(part.after_most for part in self._parts)
        self._watch = Watch(self._parts)
        self._words = Words(self._leads, [part.coded for part in self._parts])
        self._armour = Armour()
        self._text = ""
        self._base = 0
        """Characters of the stream before `_text`. All places below are characters of `_text`."""
        self._copied = self._cut = self._run = self._tried = 0
        """What has been returned; the last end of a segment; the last character that ends one; how far that was
        looked for."""
        self._plain = True
        """Nothing but words, up to `_words.end`, stands in the segment."""
        self._named = -NEAR
        """Where the run ended that last named a secret."""
        self._line = False
        """A name before a secret that has spaces in it stands in this line."""
        self._odd = 0

    @property
    def held(self) -> int:
        """How many characters are held back now."""
        return len(self._text) - self._cut

    def feed(self, text: str) -> str:
        """Take the next piece and return what may leave now. Raises UnscannableError; nothing more
        must leave then."""
        self._text += text
        self._watch.feed(text)
        limit = self._watch.settled - self._base
        return self._passed(self._retreat(limit) if self._before else limit)

    def end(self) -> str:
        """Return what was held back. Nothing may be fed afterwards."""
        self._watch.end()
        left = self._passed(len(self._text))
        if not self.held:
            return left
        rest = self._scanned(len(self._text))
        self._cut = self._copied = len(self._text)
        return left + rest

    def _passed(self, limit: int) -> str:
        """Return the segments up to `limit`, up to which the registered secrets are known."""
        left: list[str] = []
        while self._next(limit, left):
            pass
        left.append(self._text[self._copied : self._cut])
        self._copied = self._cut
        if self._copied > _KEPT + CONTEXT:
            self._drop(self._copied - CONTEXT)
        return "".join(left)

    def _next(self, limit: int, left: list[str]) -> bool:
        """Find the next end of a segment; tell whether there may be more before `limit`."""
        cut = self._cut
        bound = min(limit, cut + HELD)
        found = _BREAK.search(self._text, self._tried, cut + HELD)
        if self._plain or (self._run == cut and self._text.startswith(_URLS, cut)):
            self._plain = True
            self._words.read(self._text, found.start() if found else min(len(self._text), cut + HELD))
            self._cut = max(cut, min(self._words.end, self._free(limit)))
        if found and found.end() > limit:
            found = None
        if found:
            self._tried = found.end()
            self._end_run(found.end(), left)
            return True
        self._tried = max(self._tried, bound)
        if bound < cut + HELD or self._cut > cut:
            return bound < limit
        end = self._forced(limit)
        if end:
            self._leave(end, left)
            self._run, self._plain = end, False
            self._words.start(end)
        return end > 0

    def _free(self, limit: int) -> int:
        """Return up to where no registered secret stands."""
        return min(limit, self._retreat(self._watch.spans[0][0] - self._base)) if self._watch.spans else limit

    def _end_run(self, end: int, left: list[str]) -> None:
        """Take in the run before the character at `end` - 1, and end the segment there if it may."""
        run = self._text[self._run : end - 1]
        names = self._leads.named(run)
        scan = self._run > self._cut or self._holds_secret(end) or self._is_odd(run, end - 1, names=names)
        if names:
            self._named = end
            self._line = self._line or self._leads.opens_line(self._text[max(0, self._run - LONGEST) : end])
        if self._may_end(end):
            if scan:
                self._leave(end, left)
            self._cut = end
            self._plain = not self._near(end)
            self._words.start(end)
        else:
            self._plain = False
        self._run = end

    def _holds_secret(self, end: int) -> bool:
        """Tell whether a registered secret stands in the segment."""
        if self._watch.spans and self._watch.spans[0][0] - self._base < end:
            return True
        return any(self._text.find(mark, self._cut, end) >= 0 for mark in self._marks)

    def _is_odd(self, run: str, end: int, *, names: bool) -> bool:
        """Tell whether something that nobody registered may end in the run up to `end`."""
        if not _LETTER.search(run):
            return False
        if self._plain and self._words.end == end:
            self._odd = 0
            return False
        if not _SHORT.fullmatch(run):
            self._odd += len(run)
        if self._odd >= ODD or self._near(self._run) or (names and not run.isalnum()):
            return True
        return self._plain and self._words.could_be_secret(self._text, end)

    def _near(self, place: int) -> bool:
        """Tell whether a name stands before this place that could give a value meaning."""
        return place - self._named < NEAR

    def _may_end(self, end: int) -> bool:
        """Tell whether a segment may end here, after a character that no token holds."""
        text = self._text
        if self._line and text[end - 1] != "\n":
            return False
        self._line = False
        if self._near(self._run) and text[end - 1] not in _HARD:
            return False
        if text[end - 1] == " " and end - self._cut <= _CARD and _GROUPS.fullmatch(text, self._cut, end):
            return False
        if text.endswith(_REFERENCE, 0, end) or self._armour.goes_on(text, self._run, end):
            return False
        return not (self._watch.spans or self._marks) or not self._in_secret(end)

    def _in_secret(self, place: int) -> bool:
        text = self._text
        for mark in self._marks:
            if text.find(mark, max(self._cut, place - len(mark) + 1), place + len(mark) - 1) >= 0:
                return True
        for start, end in self._watch.spans:
            if self._retreat(start - self._base) < place < end - self._base + self._after:
                return True
        return False

    def _retreat(self, place: int) -> int:
        """Return the first of the characters right before `place` with which a registered secret may begin."""
        least = max(self._cut, place - self._before)
        while place > least and any(self._text[place - 1] in part.before for part in self._parts):
            place -= 1
        return place

    def _forced(self, limit: int) -> int:
        """Return a place at most `HELD` characters on, or behind the registered secret that stands there; 0 while it
        is not known."""
        place = self._cut + HELD
        for start, end in self._watch.spans:
            if start - self._base < place < end - self._base:
                place = start - self._base if start - self._base > self._cut else end - self._base
                break
        self._armour.forget()
        return place if place <= limit else 0

    def _leave(self, end: int, left: list[str]) -> None:
        """Return the segment up to `end` without its secrets, and go on behind it."""
        left += (self._text[self._copied : self._cut], self._scanned(end))
        self._copied = self._cut = end
        self._watch.forget(self._base + end)

    def _scanned(self, end: int) -> str:
        start = max(0, self._cut - CONTEXT)
        known = self._cut - start
        clean = self._redactor.text(self._text[start:end])
        pieces: list[str] = []
        copied = self._cut
        for found in clean.findings:
            if found.end > known:
                first, last = max(self._cut, start + found.start), start + found.end
                name = found.name
                if name in clean.discovered:
                    if found.start < known:
                        name = self._redactor.name_of_part(found, self._text[first:last])
                    self.discovered[name] = SecretValue(self._text[first:last])
                self.findings.append(replace(found, start=self._base + first, end=self._base + last, name=name))
                pieces += (self._text[copied:first], reference(name))
                copied = last
        pieces.append(self._text[copied:end])
        return "".join(pieces)

    def _drop(self, size: int) -> None:
        self._text = self._text[size:]
        self._base += size
        self._copied -= size
        self._cut -= size
        self._run -= size
        self._tried -= size
        self._named -= size
        self._words.moved(size)
        self._armour.moved(size)


@lru_cache(8)
def _leads(patterns: PatternSet) -> Leads:
    return Leads(patterns.patterns)
