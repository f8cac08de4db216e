"""What a call is, judged on what its session has written by then, and what the gate makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from safety_core import approve
from safety_core.classify.files import Written
from safety_core.classify.judge import verdict_of
from safety_core.classify.session import SessionReading, read_in_session
from safety_core.errors import InputError
from safety_core.flow import effects
from safety_core.flow.answers import Context
from safety_core.flow.effects import Flow
from safety_core.flow.question import amounts_of, recipients_of
from safety_core.flow.reached import hints_of, with_hosts
from safety_core.gate import SPAWN, covering, rule_on
from safety_core.model.approval import ApprovalRequest, RequestId
from safety_core.model.blueprint import PLAN
from safety_core.model.descent import FIRST_GENERATION, Descent
from safety_core.model.level import Outcome
from safety_core.model.policy import Policy
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import Use
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Ruling, Verdict
from safety_core.standing import held


@dataclass(frozen=True, slots=True)
class Case:
    """A call that has been judged, on what its session was known to have written, and what the gate makes of it.

    Attributes:
        uses: outward grants, by their ids, of which it takes one use each if it may run without a question.
    """

    call: ToolCall
    before: Written
    reading: SessionReading
    verdict: Verdict
    ruling: Ruling
    descent: Descent = FIRST_GENERATION
    uses: tuple[str, ...] = ()

    @property
    def use(self) -> Use:
        """Who would use the secrets that the call refers to."""
        return Use(self.call.agent, self.verdict.facts.tool, self.call.id)

    def question(
        self, request: RequestId, context: Context, now: float, edited_from: RequestId | None = None
    ) -> ApprovalRequest:
        """Return the question that is put to a person. No tool may have the name of one about a plan."""
        if self.verdict.facts.tool == PLAN:
            raise InputError(f"tool {PLAN}", "is the name of a question about a plan, and of no tool")
        asked = approve.new_request(
            request,
            self.call,
            self.verdict,
            context.policy,
            strong=self.ruling.outcome is Outcome.ASK_STRONG,
            now=now,
            relies_on=self.reading.relies_on,
        )
        facts, redactor = self.verdict.facts, context.redactor
        recipients, amounts = recipients_of(facts, redactor), amounts_of(facts, redactor)
        return replace(asked, recipients=recipients, amounts=amounts, edited_from=edited_from)

    def entry(self, now: float, event: Event, policy: Policy) -> AuditEntry:
        """Return the line of the audit log that says what became of it."""
        return AuditEntry(
            now,
            event,
            self.call.agent,
            self.verdict.facts.tool,
            self.call.id,
            self.verdict.level.word,
            self.ruling.outcome.word,
            tuple(dict.fromkeys(hit.rule for hit in self.verdict.hits)),
            approve.action_digest(self.call, self.verdict.facts.tool, policy, self.reading.relies_on),
            policy.revision,
        )


def judged(call: ToolCall, context: Context) -> Flow[Case]:
    """Judge a call that holds no secret, and put on record that it was proposed."""
    foreseen = {**context.foreseen(call)}
    case, now = yield from weighed(call, context, call)
    yield from effects.Record(replace(case.entry(now, Event.PROPOSED, context.policy), counts=foreseen))
    return case


def weighed(call: ToolCall, context: Context, told: ToolCall | None) -> Flow[tuple[Case, float]]:
    """Return a call as it is judged now, and when. Nobody is asked and nothing is granted or recorded.

    Args:
        told: what a candidate policy beside the one in force is shown, None for nothing.
    """
    before = yield from effects.RecallFiles(call.agent, call.session)
    reading = read(call, context, before)
    decision = yield from effects.Judge(reading.facts, told)
    verdict = verdict_of(reading.facts, decision, context.policy.revision)
    starts = verdict.facts.tool == SPAWN
    descent = (yield from effects.RecallDescent(call.agent, call.session)) if starts else FIRST_GENERATION
    made = (yield from effects.RecallStanding(call.agent, verdict.facts.tool)) if verdict.outward else ()
    now = yield from effects.Now()
    standing = held(made, context.policy, now)
    ruling = rule_on(call, verdict, context.policy, now, descent, standing)
    uses = covering(call, verdict, context.policy, now, standing) or ()
    return Case(call, before, reading, verdict, ruling, descent, uses), now


def read(call: ToolCall, context: Context, written: Written) -> SessionReading:
    """Return what a call would do and leave, in a session that has written these files."""
    graver = replace(call, hints=call.hints | hints_of(call, context))
    return with_hosts(read_in_session(graver, context.policy.catalogue, context.workspace, written), call, context)
