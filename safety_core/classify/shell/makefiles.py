"""A makefile -> the shell commands that `make` runs for some goals.

Rules of all patterns are taken to be needed. Functions of make other than `shell` stay as they are, and are then
commands that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from safety_core.classify.paths import HOLE

MAKES: Final = frozenset({"make", "gmake", "bmake", "remake"})
NAMES: Final = ("GNUmakefile", "makefile", "Makefile")
"""Files that `make` reads where none is named."""

_SET: Final = re.compile(r"[ ]*(?:export[ ]+|override[ ]+)*([A-Za-z_]\w*)[ \t]*[:?+!]{0,3}=[ \t]*(.*)")
_RULE: Final = re.compile(r"([^\t#=:][^#=:]*)::?(?!=)([^;=]*)(?:;(.*))?$")
_AUTOMATIC: Final = re.compile(r"\$(?:[@<^?*+%|]|\([@<^?*+%|][DF]?\))")


def commands_for(text: str, goals: Sequence[str]) -> str:
    """Return the script that `make` runs for `goals`, by default for the first target."""
    rules: dict[str, tuple[list[str], list[str]]] = {}
    variables: list[str] = []
    recipe: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            recipe.append(_shell(line.lstrip("\t @+-")))
        elif found := _SET.match(line):
            variables.append(f'{found[1]}="{_shell(found[2])}"')
        elif found := _RULE.match(line):
            recipe = [_shell(found[3])] if found[3] else []
            for target in found[1].split():
                before = rules.get(target, ([], []))
                recipe = before[1] + recipe
                rules[target] = ([*before[0], *found[2].split()], recipe)
    return "\n".join([*variables, *_needed(rules, goals)])


def _needed(rules: dict[str, tuple[list[str], list[str]]], goals: Sequence[str]) -> list[str]:
    first = [target for target in rules if not target.startswith(".")][:1]
    queue = [*(goals or first), *(target for target in rules if "%" in target or "$" in target)]
    done: dict[str, None] = {}
    while queue:
        target = queue.pop()
        if target in rules and target not in done:
            done[target] = None
            queue += rules[target][0]
    return [line for target in done for line in rules[target][1]]


def _shell(text: str) -> str:
    """Write variables as a shell writes them: `$(CC)`, `$$HOME`, `$(shell date)`."""
    parts = (_AUTOMATIC.sub(HOLE, part) for part in text.split("$$"))
    return "$".join(re.sub(r"\$\((\w+)\)", r"${\1}", part).replace("$(shell ", "$(") for part in parts)
