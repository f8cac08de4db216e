"""What is to become of an event, whoever judged it and whichever host asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from safety_core.canonical import Json, JsonObject


class Word(Enum):
    """What the host is to do."""

    GO_ON = "go on"
    """Nothing stands against it. Whatever the host itself would ask or refuse, it still does."""

    ASK = "ask"
    """A person decides, at the host."""

    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to become of an event.

    Attributes:
        reason: for the model and the person; holds no argument of the call.
        instead: the arguments to call with in place of those that were proposed.
        clean: the result in place of the raw one; `cleaned`: there is one.
    """

    word: Word
    reason: str = ""
    instead: JsonObject | None = None
    clean: Json = None
    cleaned: bool = False


PASSED = Answer(Word.GO_ON)
