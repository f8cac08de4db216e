"""Words of others: what is suspicious in them, and how they are shown on a terminal.

A tool's description is read by a model as if its operator had written it. What speaks to the model instead of telling
what the tool does, or hides from people what models read, is named (`safety_core.match.instructions`); whoever pins the
tool decides. That nothing is named proves nothing.
"""

from __future__ import annotations

from safety_core.canonical import Json
from safety_core.match.instructions import hidden
from safety_core.match.instructions import suspicions as of_text
from safety_core.model.connection import Operation
from safety_core.model.secret import texts_in


def suspicions(operation: Operation) -> tuple[str, ...]:
    """Return what is suspicious in what an operation says of itself and of its arguments, each once."""
    texts: list[Json] = [operation.name, operation.words, operation.parameters]
    return tuple(dict.fromkeys(why for text in texts_in(texts) for why in of_text(text)))


def shown(text: str, limit: int) -> str:
    """Return `text` on one line, as nothing that a terminal would obey; a hidden character as its code point."""
    line = " ".join(text.split(None))[: limit + 1]
    cut = line[:limit] + ("..." if len(line) > limit else "")
    return "".join(f"<U+{ord(mark):04X}>" if hidden(mark) else mark for mark in cut)
