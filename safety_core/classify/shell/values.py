"""What the values of options and operands name, by their types: paths, hosts, people, code."""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.catalogue import Spec
from safety_core.classify.paths import HOLE
from safety_core.classify.shell.judged import Judged
from safety_core.classify.shell.value_code import CODE
from safety_core.classify.shell.value_hosts import HOSTS
from safety_core.classify.shell.value_paths import PATHS
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind, Target, TargetKind

READERS: Final = {**PATHS, **HOSTS, **CODE}
"""What is done with a value, by its type; a type that is not here only counts as given."""

FREE: Final = frozenset({"text", "script", "expression", "expression_sought"})
"""Types of values of which it says little that they are known only when the command runs."""

_FILE: Final = re.compile(r"(?:[\w-]+=)?fileb?://")


class Values(Judged):
    """One command that the catalogue lists, and what its values name."""

    def option(self, name: str, spec: Spec, value: Word | None) -> None:
        """Judge one option that was given with a value."""
        if value is None or not (spec.takes or self.entry.open):
            return
        targets = self.value(spec.takes, value)
        if spec.kind is None or self.dry:
            self.targets.extend(targets)
        else:
            hosts = [target for target in self.targets if target.kind is TargetKind.HOST]
            self.note(spec.kind, f"{self.entry.name} {name}", [*targets, *(hosts if spec.kind is Kind.OUTWARD else [])])
            for target in targets if spec.kind is Kind.WRITE else ():
                self.wrote(target)

    def value(self, takes: str, word: Word) -> list[Target]:
        """Return what a value of this type names, and follow the code in it."""
        text = word.text
        if word.glob and takes in {"path", "remote"}:
            self.traits |= {"wildcard"}
        if HOLE in text and takes not in FREE and not takes.startswith("code:"):
            self.notes.doubt(f"{self.entry.name}: a value that is known only when the command runs")
        if takes.startswith("code:"):
            self.code(takes.removeprefix("code:"), text)
            return []
        if self.entry.open and _FILE.match(text):  # any parameter of a cloud's command line may be read from a file
            return PATHS["path"](self, _FILE.sub("", text))
        read = READERS.get(takes)
        return [] if read is None else read(self, text)
