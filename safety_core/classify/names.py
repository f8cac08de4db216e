"""Names of tools and subcommands -> what they do, by their words. For everything that the catalogue does not list.

A tool's name is read as its author wrote it: a verb and what it is about ("send_email", "GmailSendEmail",
"mcp__mail__send", "messages.send"). Words that are as often nouns as verbs ("message", "order", "log") count only where
no plain verb stands in the name. A name that begins with looking is about looking, whatever else stands in it, unless a
second verb is joined to it ("find_and_replace") or it may be a brand's ("CheckPointDeleteRule").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from safety_core.classify.catalogue import Catalogue
from safety_core.model.facts import Kind

GRAVEST: Final = (
    Kind.MONEY,
    Kind.DESTROY,
    Kind.PERMISSION,
    Kind.CREDENTIAL,
    Kind.CONTROL,
    Kind.OUTWARD,
    Kind.RUN_CODE,
    Kind.WRITE,
    Kind.READ,
    Kind.UNKNOWN,
)
"""Effects in the order in which one of them speaks for a name that has several."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SPACE: Final = re.compile(r"__|[.:/]")
_RUN_TOGETHER: Final = 6
"""Letters of the shortest word in which a verb and its object may be written as one ("sendmail" has eight)."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name says.

    Attributes:
        kind: the gravest effect that its words name; UNKNOWN where they name none.
        traits: what makes it graver.
        sure: a plain verb says so, not a noun.
    """

    kind: Kind
    traits: frozenset[str] = frozenset()
    sure: bool = True


def words_of(name: str) -> list[str]:
    """Split camelCase, snake_case, kebab-case and dotted names into lower-case words."""
    return [word.lower() for word in _WORD.findall(name)]


def kinds_in(names: Iterable[str], verbs: Mapping[str, Kind]) -> list[Kind]:
    """Return what the verbs in these names say; in a name that begins with reading, nothing else counts."""
    found: dict[Kind, None] = {}
    for name in names:
        kinds = [verbs[word] for word in words_of(name) if word in verbs]
        found.update(dict.fromkeys(kinds[:1] if kinds[:1] == [Kind.READ] else kinds))
    return list(found)


def gravest(kinds: Iterable[Kind]) -> Kind:
    """Return the effect that speaks for all of these."""
    return min(kinds, key=GRAVEST.index, default=Kind.UNKNOWN)


def meaning_of(name: str, catalogue: Catalogue) -> Meaning:
    """Return what the name of a tool says that it does."""
    parts = [list(_apart(part, catalogue)) for part in _SPACE.split(unicodedata.normalize("NFKC", name))]
    words = [word for part in parts for word in part]
    about = frozenset({*words, *(word.removesuffix("s") for word in words)})
    own = next((part for part in reversed(parts) if _plain_verbs(part, catalogue)), parts[-1])
    verbs = _plain_verbs(own, catalogue) or _first(own, catalogue)
    if not verbs:
        return _by_nouns(words, about, catalogue)
    counted = _counted(own, verbs, catalogue, brand=name[:1].isupper())
    kind = gravest(_effect(own[at], about, catalogue) for at in counted)
    if kind is Kind.READ:
        return Meaning(Kind.CREDENTIAL if _reveals(own[counted[0]], words, catalogue) else Kind.READ)
    return _raised(kind, frozenset(own[at] for at in counted), about, catalogue)


def _apart(part: str, catalogue: Catalogue) -> Iterator[str]:
    """Yield the words of a part; a verb and its object that are written as one word ("deleteuser") are two."""
    for word in words_of(part):
        if len(word) < _RUN_TOGETHER or word in catalogue.verbs or word in catalogue.nouns:
            yield word
            continue
        cut = next((at for at in range(len(word) - 3, 2, -1) if _joined(word, at, catalogue)), len(word))
        yield from (piece for piece in (word[:cut], word[cut:]) if piece)


def _joined(word: str, at: int, catalogue: Catalogue) -> bool:
    rest = word[at:]
    return word[:at] in catalogue.verbs and (rest in catalogue.nouns or rest in catalogue.lexicon("things"))


def _plain_verbs(words: Sequence[str], catalogue: Catalogue) -> list[int]:
    """Return where the verbs stand that are hardly ever nouns."""
    weak = catalogue.lexicon("weak")
    return [at for at, word in enumerate(words) if word in catalogue.verbs and word not in weak]


def _first(words: Sequence[str], catalogue: Catalogue) -> list[int]:
    """Return the first word where it is a verb, though often a noun: not in "order_status" or "message_template"."""
    if len(words) < 2 or words[0] not in catalogue.verbs:
        return []
    return [] if words[-1] in catalogue.lexicon("views") or words[-1] in catalogue.lexicon("inert") else [0]


def _counted(words: Sequence[str], verbs: list[int], catalogue: Catalogue, *, brand: bool) -> list[int]:
    """Return which of the verbs say what the tool does."""
    if catalogue.verbs[words[verbs[0]]] is not Kind.READ:
        return [at for at in verbs if catalogue.verbs[words[at]] is not Kind.READ]
    joiners = catalogue.lexicon("joiners")
    joined = [at for at in verbs[1:] if words[at - 1] in joiners]
    branded = [at for at in verbs[1:] if brand and at > 1 and catalogue.verbs[words[at]] is not Kind.READ]
    return [verbs[0], *joined, *branded]


def _effect(verb: str, about: frozenset[str], catalogue: Catalogue) -> Kind:
    """Return what a verb does to the things that the name is about."""
    paired = [catalogue.pairs[verb, word] for word in about if (verb, word) in catalogue.pairs]
    return gravest(paired) if paired else catalogue.verbs[verb]


def _reveals(verb: str, words: Sequence[str], catalogue: Catalogue) -> bool:
    """Tell whether a reading name asks for a secret itself, not for something about one."""
    asked = {words[-1], "".join(words[-2:])}
    return verb in catalogue.lexicon("revealing") and not asked.isdisjoint(catalogue.lexicon("secrets"))


def _by_nouns(words: Sequence[str], about: frozenset[str], catalogue: Catalogue) -> Meaning:
    """Judge a name without a plain verb. Its last word says what it is: an "order status" is looked at.

    Plurals say nothing: "messages" are as often listed as sent.
    """
    if words and words[-1] in catalogue.lexicon("views"):
        return Meaning(Kind.READ, sure=False)
    kinds = {_effect(word, about, catalogue) for word in words if word in catalogue.verbs}
    single = [word for word in words if word.removesuffix("s") == word or word.removesuffix("s") not in catalogue.nouns]
    kinds |= {catalogue.nouns[word] for word in single if word in catalogue.nouns}
    if catalogue.lexicon("inert") & about:
        kinds.discard(Kind.OUTWARD)
    return Meaning(gravest(kinds), sure=False)


def _raised(kind: Kind, verbs: frozenset[str], about: frozenset[str], catalogue: Catalogue) -> Meaning:
    """Make an effect graver by what it is done to."""
    if catalogue.lexicon("disarming") & about and catalogue.lexicon("protection") & about:
        return Meaning(Kind.CONTROL, frozenset({"protection"}))
    passed_over = {Kind.OUTWARD} if catalogue.lexicon("inert") & about else set()
    if verbs <= catalogue.lexicon("light"):
        passed_over = {Kind.OUTWARD, Kind.MONEY}
    if kind is Kind.DESTROY:
        passed_over.add(Kind.MONEY)
    kinds = {catalogue.nouns[word] for word in about if word not in verbs and word in catalogue.nouns}
    raised = gravest({kind, *(kinds - passed_over)})
    sweeping = verbs & catalogue.lexicon("wiping") and catalogue.lexicon("everything") & about
    return Meaning(raised, frozenset({"mass"} if raised is Kind.DESTROY and sweeping else ()))
