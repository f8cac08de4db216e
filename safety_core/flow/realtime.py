"""One socket of a realtime API: many prompts and answers over one connection, each under the law of `flow.prompt`.

    talk = Talk(prompt, editor)
    heard = yield from talk.heard(prompt, context)      # a message of the client: what may leave, or a refusal
    parts = yield from talk.told(raw, notice, context)  # a message of the provider: what the client may see
    yield from talk.over(reason)                        # the socket is closed, whoever closed it

Every message of the client is a prompt of its own, on record before it leaves; one that asks for an answer must be
announced by the agent's plugin and be affordable. An answer that the provider begins by itself, because somebody has
spoken, must be so too, or the socket ends. Each answer is booked once, by its id.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from safety_core.errors import LimitError, SafetyError, UnavailableError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.dialect import Edited, StreamEditor
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import Foresee, Weigh
from safety_core.flow.exchange import JSON_TYPE, Exchange, Prompt, PromptContext, ended_by, record
from safety_core.flow.interlock import trace_id
from safety_core.flow.prompt import Permit, Refusal, permitted
from safety_core.meter.estimate import completed
from safety_core.model.finding import certain
from safety_core.model.record import Event
from safety_core.model.tool_call import ProposedCall
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor

SWITCHED: Final = 101
"""Status of an exchange that is one of many on a socket (RFC 9110, 15.2.2)."""


ASKED: Final = 256
"""Answers that are asked for and have not begun: each is held in memory, and against budgets."""


class Kind(StrEnum):
    """What a message is."""

    ASKS = "asks"
    """An answer is asked for."""
    BEGINS = "begins"
    """An answer begins."""
    ENDS = "ends"
    """An answer has ended, well or not."""
    SOUND = "sound"
    """It brings a piece of sound."""
    HEARD = "heard"
    """What was spoken has been written down, by a model of its own."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider's message says of an answer.

    Attributes:
        answer: its id, empty where it is about none; for what was heard, the id of that.
        usage: what it has consumed, if that is stated.
        whole: it came to its end.
        listener: the model that writes down what is spoken, where the message names it.
    """

    kind: Kind
    answer: str = ""
    usage: Usage | None = None
    whole: bool = True
    listener: str = ""


@dataclass(slots=True)
class _Answer:
    """An answer under way: its exchange so far, and how much had been sent and written when it was asked for."""

    prompt: Prompt
    exchange: Exchange
    size: int
    written: int
    calls: list[ProposedCall] = field(default_factory=list)


class Talk:
    """What is known of one socket.

    Args:
        prompt: the request that opened it.
        editor: makes the editor of what the provider sends.

    Attributes:
        begun: prompts of the exchanges that have begun since this was last looked at, each an object of its own.
        ended: those that are over, since this was last looked at, with their prompts.
    """

    def __init__(self, prompt: Prompt, editor: Callable[[Redactor], StreamEditor]) -> None:
        self._prompt = prompt
        self._make = editor
        self._redactor: Redactor | None = None
        self._editor: StreamEditor | None = None
        self._asked: list[_Answer] = []
        self._answers: dict[str, _Answer] = {}
        self._listener = prompt.operation.model
        self._listened: set[str] = set()
        self._size = 0
        self._written = 0
        self._findings = 0
        self.begun: list[Prompt] = []
        self.ended: list[tuple[Prompt, Exchange]] = []

    def heard(self, kind: Kind, prompt: Prompt, context: PromptContext) -> Flow[bytes | Refusal]:
        """Take a message of the client, as a prompt, and return what may leave of it.

        Raises:
            SafetyError: it holds a secret as sound, or asks for one more of too many answers: the socket must end.
        """
        if kind is Kind.SOUND:
            check_sound(prompt.body, context.redactor)
            return prompt.body
        if kind is Kind.ASKS and len(self._asked) >= ASKED:
            raise LimitError("socket", f"asks for {ASKED} answers that have not begun", "wait for them")
        permit = yield from permitted(prompt, context)
        if isinstance(permit, Refusal):
            self._refused(prompt, permit)
            return permit
        self._size += len(permit.sent.request.body)
        self._findings += permit.sent.findings
        if kind is Kind.ASKS:
            self._asked.append(self._begun(permit))
        return permit.sent.request.body

    def told(self, raw: bytes, notice: Notice, context: PromptContext) -> Flow[tuple[bytes, ...]]:
        """Take a message of the provider and return the messages that the client may see.

        Raises:
            SafetyError: it cannot be read, or the agent may not have the answer that it begins: the socket must end.
        """
        if notice.kind is Kind.SOUND:
            check_sound(raw, context.redactor)
            return (raw,)
        rest, editor = self._edits(context.redactor)
        if notice.kind is Kind.BEGINS:
            yield from self._begins(notice.answer, context)
        edited = editor.feed(raw)
        if discovered := {**rest.discovered, **edited.discovered}:
            yield from effects.Remember(discovered)
        yield from self._foreseen(notice.answer, edited.calls)
        self._listener = notice.listener or self._listener
        if notice.kind is Kind.HEARD and notice.usage and notice.answer not in self._listened:
            yield from self._listens(notice.answer, notice.usage)
        if notice.kind is Kind.ENDS:
            yield from self._ends(notice)
        return (*rest.parts, *edited.parts)

    def over(self, reason: str = "") -> Flow[None]:
        """Book, as estimates, the answers that did not come to their end. `reason`: class of the error, if it was
        one."""
        for answer in [*self._answers]:
            yield from self._ends(Notice(Kind.ENDS, answer, whole=False), reason or UnavailableError.__name__)
        self.ended += [(asked.prompt, replace(asked.exchange, rule=reason)) for asked in self._asked]
        self._asked = []

    def _refused(self, prompt: Prompt, refusal: Refusal) -> None:
        self.begun.append(prompt)
        self.ended.append((prompt, ended_by(Exchange(refusal.exchange, refusal.status), refusal.error)))

    def _begun(self, permit: Permit) -> _Answer:
        sent = permit.sent
        self.begun.append(sent.prompt)
        exchange = Exchange(sent.id, SWITCHED, observed=permit.observed, model=sent.prepared.model)
        return _Answer(sent.prompt, exchange, self._size, self._all_written())

    def _begins(self, answer: str, context: PromptContext) -> Flow[None]:
        if self._asked:
            self._answers[answer] = self._asked.pop(0)
            return
        prompt = replace(self._prompt, body=b"")
        permit = yield from permitted(prompt, context)
        if isinstance(permit, Refusal):
            self._refused(prompt, permit)
            raise permit.error
        self._answers[answer] = self._begun(permit)

    def _ends(self, notice: Notice, reason: str = "") -> Flow[None]:
        """Book an answer and put its end on record. Both are done as far as possible: it has been paid for."""
        answer = self._answers.pop(notice.answer, None)
        if answer is None:  # its end has been told before
            return
        prompt, usage = self._prompt, notice.usage
        if usage is None and (reason or notice.whole):
            usage = completed(None, answer.size, self._all_written() - answer.written, whole=notice.whole)
        exchange = replace(answer.exchange, usage=usage, rule=reason, findings=self._taken_findings())
        try:
            if usage is not None:
                yield from effects.Meter(exchange.id, prompt.agent, prompt.provider, exchange.model, usage)
            rules = (reason,) if reason else ()
            counts = {"status": SWITCHED, "findings": exchange.findings}
            yield from record(Event.RESPONSE, exchange.id, prompt, rules=rules, counts=counts)
        except SafetyError as error:
            exchange = ended_by(exchange, error)
        self.ended.append((answer.prompt, exchange))
        if answer.calls:
            with suppress(SafetyError):
                yield from Weigh(exchange.id, prompt.agent, trace_id(prompt.headers), tuple(answer.calls))

    def _listens(self, words: str, usage: Usage) -> Flow[None]:
        """Book what it cost to write down what was spoken. It has been paid for: it is shown all the same."""
        self._listened.add(words)
        prompt = self._prompt
        with suppress(SafetyError):
            exchange = yield from effects.NewId()
            yield from effects.Meter(exchange, prompt.agent, prompt.provider, self._listener, usage)

    def _foreseen(self, answer: str, calls: tuple[ProposedCall, ...]) -> Flow[None]:
        """Note what an answer proposes before it is shown."""
        known = self._answers.get(answer)
        if calls and known is not None:
            with suppress(SafetyError):
                calls = yield from Foresee(self._prompt.agent, calls)
            known.calls += calls

    def _edits(self, redactor: Redactor) -> tuple[Edited, StreamEditor]:
        """Return the editor; where no answer is under way, one that knows the secrets of now, and what the one before
        it held back."""
        rest = Edited(b"")
        if self._editor is None or (redactor is not self._redactor and not self._answers):
            if self._editor is not None:
                rest = self._editor.end()
                self._written, self._findings = self._all_written(), self._findings + self._editor.findings
            self._editor, self._redactor = self._make(redactor), redactor
        return rest, self._editor

    def _all_written(self) -> int:
        return self._written + (self._editor.written if self._editor else 0)

    def _taken_findings(self) -> int:
        """Return what was found since this was last asked."""
        edited = self._editor.findings if self._editor else 0
        found, self._findings = self._findings + edited, -edited
        return found


def check_sound(raw: bytes, redactor: Redactor) -> None:
    """Raise UnscannableError where a message of sound holds a secret. Sound in base64 looks random, and is let be."""
    if certain(redactor.body(raw, JSON_TYPE).findings):
        raise UnscannableError("sound", "holds a secret")
