"""What a message says. Pure.

Names, tools, recipients and reasons come from agents: hostile text. Here they become one line of visible characters in
which nothing is a link, a mention or markup to any receiver. Arguments are not in a message unless its channel says so.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Final

from hub.visible import visible_text
from safety_core.approve import code
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.model.approval import ApprovalRequest
from safety_core.model.level import Level

NAME_LIMIT: Final = 80
LINE_LIMIT: Final = 300
DETAIL_LIMIT: Final = 2000
"""Characters of arguments, where a channel may carry them: what a phone shows without scrolling for long."""

SHOWN: Final = 5
"""Recipients and amounts in a message; more are counted."""

_MARKS: Final = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "∗", "|": "¦"})
_LINK: Final = re.compile(r"(?i):(?=//)|(?<=[a-z0-9+.-]):(?=\S{0,320}@)|\bwww\.")
"""Where a link begins to be one. It looks back for one character and ahead for an address's length, not for the whole
of a scheme at each character: the text is as long as its writer likes, and the hub waits for it."""

_MENTION: Final = re.compile(r"(?i)@(?=(everyone|here|channel|all|room)\b)")


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told.

    Attributes:
        title: one line.
        lines: of the text, in order.
        url: where to go: a one-use link, or a page of the console.
        tag: a later message of the same tag takes this one's place on a screen.
        answers: whether approve and deny are offered under `url`.
    """

    title: str
    lines: tuple[str, ...]
    url: str
    tag: str
    answers: bool = False

    @property
    def text(self) -> str:
        """The lines, and where to go."""
        return "\n".join((*self.lines, "", self.url))


def plain(text: str, limit: int = LINE_LIMIT) -> str:
    """Return hostile text as one line that no receiver takes for anything but text."""
    line = " ".join(visible_text(" ".join(text[: 4 * limit].split())).translate(_MARKS).split())
    line = _LINK.sub(lambda found: found.group().replace(":", ": ").replace("www.", "www ."), line)
    line = _MENTION.sub("@ ", line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def level_word(level: Level) -> str:
    """Return the level as people read it."""
    return level.word.replace("_", " ")


def moment(at: float) -> str:
    """Return a time, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def question(asked: ApprovalRequest, expires: float, others: int, url: str, *, detail: bool) -> Message:
    """Return what is said of a question that waits.

    Args:
        others: how many like it wait besides.
        detail: the arguments may be told.
    """
    agent, tool = plain(asked.agent, NAME_LIMIT), plain(asked.tool, NAME_LIMIT)
    lines = [*_first(asked), f"Level: {level_word(asked.level)}{', reaches outside' if asked.outward else ''}"]
    lines += [f"Who asks: {agent}, with {tool}", f"Why it is asked: {plain(asked.reason)}"]
    if detail:
        lines.append("Arguments: " + plain(canonical_bytes(asked.params).decode(), DETAIL_LIMIT))
    lines += [f"Code: {code(asked.action_digest)}", f"Waits until {moment(expires)}"]
    if asked.quorum > 1:
        lines.append(f"{asked.quorum} people have to say yes")
    if others:
        lines.append(f"{others} like it wait as well")
    return Message(f"{level_word(asked.level).capitalize()}: {agent} wants {tool}", tuple(lines), url, asked.id)


def _first(asked: ApprovalRequest) -> list[str]:
    """Return recipients and amounts: what to look at first."""
    lines = []
    for name, items in (("To", asked.recipients), ("Amount", asked.amounts)):
        if items:
            more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
            lines.append(f"{name}: " + ", ".join(plain(item, NAME_LIMIT) for item in items[:SHOWN]) + more)
    return lines


def with_answers(message: Message, page: str, *, approve: bool) -> Message:
    """Return the message with what its link can do.

    Args:
        page: of the question at the console, for what the link cannot approve.
        approve: policy lets this channel approve it.
    """
    if approve:
        return replace(
            message, lines=(*message.lines, "Approve or deny (it asks you to press a button):"), answers=True
        )
    lines = (*message.lines, f"Approve it at the console: {page}", "Deny it, or look at it:")
    return replace(message, lines=lines)


def reminder(message: Message, expires: float, now: float) -> Message:
    """Return the message once more, for a question that nobody has answered."""
    minutes = max(1, round((expires - now) / 60))
    left = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
    return replace(message, title=f"Still waiting, {left} left: {message.title}")


def expired(asked: ApprovalRequest, others: int, url: str) -> Message:
    """Return what is said of a question whose time ran out."""
    agent, tool = plain(asked.agent, NAME_LIMIT), plain(asked.tool, NAME_LIMIT)
    lines = [*_first(asked), f"Nobody answered {agent}, which wanted {tool}. It was not done."]
    if others:
        lines.append(f"The same became of {others} like it")
    return Message(f"Ran out of time: {agent} wanted {tool}", tuple(lines), url, asked.id)


def alert(tenant: str, body: JsonObject, url: str, tag: str) -> Message:
    """Return what is said of something that needs a look."""
    kind, reason = plain(str(body.get("kind", "")), NAME_LIMIT), plain(str(body.get("reason", "")))
    return Message(f"Needs a look: {kind} at {plain(tenant, NAME_LIMIT)}", (f"{kind}: {reason}",), url, tag)


def digest(tenant: str, day: str, counts: JsonObject, url: str) -> Message:
    """Return the daily summary."""
    words = [("granted", "approved"), ("denied", "denied"), ("expired", "ran out of time"), ("used", "used")]
    told = [f"{counts[state]} {word}" for state, word in words if counts.get(state)]
    lines = (f"Waiting now: {counts.get('open', 0)}", "In the last day: " + (", ".join(told) or "no questions"))
    return Message(f"{plain(tenant, NAME_LIMIT)}, {day}", lines, url, f"digest {tenant}")


def flood(waiting: int, url: str) -> Message:
    """Return the one message in place of many."""
    return Message(f"{waiting} messages wait", ("More came than you want in an hour. They wait here:",), url, "flood")


def trial(url: str) -> Message:
    """Return what the test button sends."""
    return Message("This is a test", ("Questions will reach you here.",), url, "test")
