"""The tool results in a conversation, and how their ids tell which call each is of.

A host respells a provider's ids for the next request. What OpenClaw 2026.9.6 does (dist/tool-call-id-*.mjs, and the
conversions of @openclaw/ai): it keeps letters and digits only (`call_2` -> `call2`), and before or after that the first
40 characters; of OpenAI's responses the part before the bar (`call_2|fc_7` -> `call_2`); and a repeated id gets its
number behind it (the third `call_2` -> `call23`).

Some APIs carry no ids. There a call goes by what it is: its tool and its arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json, digest
from safety_core.errors import InputError
from safety_core.wire.lenient import parsed

SPELLING_LENGTH: Final = 40
"""Characters that OpenClaw keeps of an id."""

NOTICE_LIMIT: Final = 700
"""Characters of a notice: more than any that a host writes, and too few to carry a file out."""

_NOT_KEPT: Final = re.compile(r"[^A-Za-z0-9]")
_REPEAT: Final = re.compile(r"[1-9][0-9]{0,2}\Z")

_NOTICES: Final = re.compile(
    r"""
      aborted
    | Operation\ aborted
    | No\ result\ provided
    | Tool\ [^\s]{1,200}\ not\ found
    | Skipped\ to\ process\ an\ incoming\ message\.
    | Tool\ execution\ was\ blocked(?:\ before\ launch\.)?
    | Tool\ call\ blocked\ because\ before_tool_call\ hook\ failed
    | \[openclaw\]\ missing\ tool\ result\ in\ session\ history;
      \ inserted\ synthetic\ error\ result\ for\ transcript\ repair\.
    | \[Safety\ Gateway:\ not\ written\ down,\ because\ the\ edge\ has\ not\ been\ reached\ yet\]
    | Safety\ Gateway:\ (?:
          the\ call\ (?:was\ cancelled|could\ not\ be\ put\ to\ the\ edge)
        | the\ call\ was\ not\ allowed\ in\ this\ form;\ the\ plugin's\ trusted\ policy\ did\ not\ see\ it
        | the\ edge\ did\ not\ answer\ within\ [0-9.]{1,10}\ seconds
        | the\ edge\ cannot\ be\ reached\ \([\w\ ]{1,40}\);\ start\ it\ with\ `safety\ edge`
        | the\ edge's\ answer\ [\w\ ()]{1,60}
        | the\ edge\ refused\ \(status\ [0-9]{3}\) [\ \w.,;:'`()/-]{0,300}
        | the\ token\ file\ cannot\ be\ read\ \([\w\ ]{1,40}\)
        | OpenClaw\ did\ not\ say\ which\ agent\ is\ calling
      )
    """,
    re.VERBOSE | re.ASCII,
)
"""What OpenClaw and our plugin write where a call came to nothing before the edge could decide it: the whole text, and
next to nothing in it that a tool could have said. Sources: OpenClaw's dist/agent-core-*.mjs and
dist/tool-result-pairing-*.mjs; plugins/openclaw/lib/{calls,edge,transcripts}.js."""

_INVALID: Final = 'Validation failed for tool "'
_RECEIVED: Final = "\n\nReceived arguments:\n"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """One result in a request to a model.

    Attributes:
        id: of the call, as this request spells it.
        text: what the result says, empty if it says more than a notice could.
        arguments: of the call, as the same request tells them, where `text` is about them.
    """

    id: str
    text: str = ""
    arguments: Json = None


def spellings(call: str, repeats: int = 1) -> tuple[str, ...]:
    """Return what the id `call` may have been before a host respelled it, in letters and digits.

    Args:
        repeats: how often an id may have been given in the conversation.
    """
    found: dict[str, None] = {}
    first = call.partition("|")[0]
    for part in (first, call, first[:SPELLING_LENGTH], call[:SPELLING_LENGTH]):
        plain = _NOT_KEPT.sub("", part)[:SPELLING_LENGTH]
        found[plain] = None
        for length in (1, 2, 3):
            number = _REPEAT.fullmatch(plain[-length:])
            if number and 2 <= int(number[0]) <= repeats:
                found[plain[:-length]] = None
    return tuple(spelling for spelling in found if spelling)


def spelling_of(tool: str, arguments: Json) -> str:
    """Return what a call goes by where its id is not told: 40 letters and digits, empty for what is no call.

    The same call made twice is told apart by nothing: who has made one may show the result of another such.
    """
    try:
        named = digest({"tool": tool, "arguments": arguments})
    except InputError:
        return ""
    return f"is{named[: SPELLING_LENGTH - 2]}" if tool else ""


def is_about_arguments(text: str) -> bool:
    """Tell whether a result says that a call's arguments were refused before anything ran."""
    return text.startswith(_INVALID)


def says_nothing_ran(result: ToolResult) -> bool:
    """Tell whether a result is a host's own notice that nothing ran: fixed words, or the call's own arguments again."""
    text = result.text.strip()
    if is_about_arguments(text):
        reasons, _, received = text.partition(_RECEIVED)
        told = parsed(received)
        return len(reasons) <= NOTICE_LIMIT and told is not None and told == result.arguments
    return len(text) <= NOTICE_LIMIT and bool(_NOTICES.fullmatch(text))
