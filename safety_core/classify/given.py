"""The arguments of a call by what their names promise: somebody to reach, a path, a sum, a command, a choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from safety_core.canonical import Json, JsonObject
from safety_core.classify.arguments import fields_in, leaves
from safety_core.classify.catalogue import Catalogue


@dataclass(slots=True)
class Given:
    """The arguments of one call of a tool that nobody listed.

    Attributes:
        roles: values by role (`roles` in the catalogue); those whose names promise nothing under "".
        switches: names of those that are true.
        texts: every text, and those in lists.
        loose: texts whose names promise nothing.
        listed: texts of lists whose names promise nothing: each by itself, and all of a list as one.
        longest: items of the longest list.
    """

    roles: dict[str, list[Json]] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    longest: int = 0

    @classmethod
    def of(cls, params: JsonObject, catalogue: Catalogue) -> Given:
        """Read `params`, those inside of others too."""
        given = cls()
        for key, value in fields_in(params):
            if value is True or (isinstance(value, str) and value.casefold() in {"true", "yes"}):
                given.switches.add(key)
            if value not in (None, "", False):
                given._add(_role(key, catalogue), value)
        return given

    def _add(self, role: str, value: Json) -> None:
        self.roles.setdefault(role, []).append(value)
        if isinstance(value, str):
            self.texts.append(value)
            if role in {"", "content"}:
                self.loose.append(value)
        elif isinstance(value, list):
            self.longest = max(self.longest, len(value))
            texts = [item for item in value if isinstance(item, str)]
            self.texts += texts
            if texts and role in {"", "content"}:
                self.listed += [*texts, " ".join(texts)]

    def texts_of(self, role: str) -> Iterator[str]:
        """Yield the texts of all arguments in one role."""
        for value in self.roles.get(role, ()):
            yield from leaves(value)


def _role(key: str, catalogue: Catalogue) -> str:
    """Return what an argument is by its name, or by the last word of it; whom a thing is from is nobody it reaches."""
    words = key.split("_")
    if key in catalogue.roles or len(words) == 1:
        return catalogue.roles.get(key, "")
    if words[0] in catalogue.lexicon("from") or words[-1] == "to":
        return ""
    return catalogue.roles.get(words[-1], "")
