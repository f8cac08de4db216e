"""Short form of a pattern: the name of a product, and the value that stands near it.

    - id: deepgram
      title: Deepgram key
      near: deepgram
      value: '[0-9a-f]{40}'

finds `DEEPGRAM_API_KEY=...`, `"deepgram": {"key": "..."}`, `deepgram token ...`: the name, at most 40 characters, an
assignment or a word such as key, and the value as a word of its own, all in either case. Many products give out bare
hexadecimal digits or letters, which only their surroundings give away.
"""

from __future__ import annotations

from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import PolicyError

_SHORT: Final = ("near", "value")
_BETWEEN: Final = r"""[\w\s.,:=>("'`{\[\]$<\\+-]{0,40}"""
"""What may stand between: names, quotes and brackets, but no end of a statement."""

_GAP: Final = r"[^a-z0-9\x00\xff]"
_LINK: Final = rf"(?:[:=>(,]|(?:key|token|tok|secret|access|private|auth|pass|pw|cred){_GAP}){_GAP}{{0,8}}"
"""\\x00 is an invisible character, \\xff a placeholder, see `safety_core._native.fold`: neither is a gap."""

_FIELDS: Final[JsonObject] = {"group": 1, "check": "keyed"}


def written_out(entry: Json, place: str) -> Json:
    """Return a pattern in the long form; one that is in it stays as it is. Raises PolicyError naming `place`."""
    if not isinstance(entry, dict) or not any(name in entry for name in _SHORT):
        return entry
    if "expression" in entry or not all(isinstance(entry.get(name), str) for name in _SHORT):
        raise PolicyError(place, "must say near and value, or expression", "see policies/README.md")
    rest: JsonObject = {name: value for name, value in entry.items() if name not in _SHORT}
    expression = f"(?i)(?:{entry['near']}){_BETWEEN}{_LINK}({entry['value']})(?![a-z0-9])"
    return {**_FIELDS, **rest, "expression": expression}
