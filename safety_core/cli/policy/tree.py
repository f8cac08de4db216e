"""An explanation as a tree, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from safety_core.classify.paths import GIVEN, HOLE
from safety_core.classify.trace import Option, Step
from safety_core.cli.policy.screen import columns, cut, strong, table, weak, word
from safety_core.edge.explain import Explanation, Milder
from safety_core.flow.why import Asked
from safety_core.model.facts import Action, Target
from safety_core.model.level import Level, Outcome
from safety_core.model.verdict import Hit

Place = Callable[[str], str]
"""Name of a program, "floor: rule" or path of a value in the policy -> "file:line", empty where none is known."""

_WOULD = {
    Outcome.ALLOW: "it may run",
    Outcome.ASK: "a person is asked",
    Outcome.ASK_STRONG: "a person is asked, who must be a strong approver",
    Outcome.DENY: "it is denied",
}


def tree(found: Explanation, place: Place) -> Iterator[str]:
    """Yield the lines of an explanation."""
    yield strong(f"{found.call.tool} of {found.call.agent}")
    yield from _step(found.step, "", place, root=True)
    yield ""
    yield from _rules(found)
    yield ""
    yield from _level(found)
    yield ""
    yield from _gate(found, place)
    if found.milder:
        yield ""
        yield strong("milder would be")
        yield from (f"  {line}" for line in table(map(_milder, found.milder)))


def _step(step: Step, indent: str, place: Place, *, root: bool = False) -> Iterator[str]:
    notes = [*_options(step.options), *_actions(step.actions), *(f"not understood: {text}" for text in step.unknown)]
    last = len(notes) + len(step.inside) - 1
    for number, note in enumerate(notes):
        yield f"{indent}{'└' if number == last else '├'}─ {note}"
    for number, inside in enumerate(step.inside, len(notes)):
        ends = number == last
        yield f"{indent}{'└' if ends else '├'}─ {strong(_words(inside.words))}{_listed(inside, place)}"
        yield from _step(inside, indent + ("   " if ends else "│  "), place)
    if root and not notes and not step.inside:
        yield "└─ nothing that it does was recognised"


def _words(words: Sequence[str]) -> str:
    return cut(" ".join(f"'{shown(text)}'" if " " in text else shown(text) for text in words), columns() - 20)


def shown(text: str) -> str:
    """Return a word with what only the running shell knows written as an ellipsis."""
    return text.replace(HOLE, "…").replace(GIVEN, "…")


def _listed(step: Step, place: Place) -> str:
    if not step.entry:
        return weak("  not in the catalogue")
    where = place(step.program)
    traits = f", {' '.join(sorted(step.inherited))}" if step.inherited else ""
    return weak(f"  {step.entry}{traits}{f', {where}' if where else ''}")


def _options(options: Sequence[Option]) -> Iterator[str]:
    for option in options:
        value = f" {cut(shown(option.value), 40)}" if option.value else ""
        meaning = option.meaning or ("harmless" if option.listed else "not listed")
        yield f"{option.name}{value}  {weak(meaning)}"


def _actions(actions: Sequence[Action]) -> Iterator[str]:
    for action in actions:
        targets = ", ".join(map(_target, action.targets[:4])) + (", ..." if len(action.targets) > 4 else "")
        traits = f" [{', '.join(sorted(action.traits))}]" if action.traits else ""
        yield f"{action.kind.value}: {action.words or action.form}{f' ({targets})' if targets else ''}{traits}"


def _target(target: Target) -> str:
    return f"{cut(shown(target.value), 60)} in {target.zone.value}"


def _rules(found: Explanation) -> Iterator[str]:
    fired = [one for one in found.asked if one.fired]
    yield strong(f"rules: {len(found.asked)} asked, {len(fired)} fired")
    rows = [row for one in found.asked for row in _rule(one)]
    yield from (f"  {line}" for line in table(rows))
    if found.blind:
        yield weak(f"  which lines were reached could not be seen: {found.blind}")


def _rule(one: Asked) -> Iterator[tuple[str, str, str]]:
    for clause in one.fired:
        level = Level.named(clause.level)
        yield one.rule, word(level) if level is not None else clause.level, f"{clause.reason}  {weak(clause.place)}"
    if not one.fired:
        text, where = one.stopped or ("", "")
        yield weak(one.rule), weak("-"), weak(f"not true: {cut(text, 60)}  {where}" if where else "did not fire")


def _level(found: Explanation) -> Iterator[str]:
    verdict = found.verdict
    yield f"{strong('level')}: {word(verdict.level)}, by {verdict.rule}"
    rules = {one.rule for one in found.asked}
    own = [hit for hit in verdict.hits if hit.rule not in rules]
    yield from (f"  {line}" for line in table(map(_own, own)))


def _own(hit: Hit) -> tuple[str, str, str]:
    return hit.rule, word(hit.level), f"{hit.reason}  {weak('holds whatever the rules say')}"


def _gate(found: Explanation, place: Place) -> Iterator[str]:
    yield f"{strong('outcome')}: {word(found.ruling.outcome)}: {_WOULD[found.ruling.outcome]}"
    for part in found.parts:
        for clause in part.clauses:
            where = _place_of(clause, found, place)
            yield f"  {word(part.outcome)}  {clause}" + (f"  {weak(where)}" if where else "")
    if found.quorum > 1:
        where = place(f"data.quorum.{found.verdict.level.word}")
        yield f"  {found.quorum} different people have to say yes  {weak(where)}"
    if found.quorum:
        yield f"  may approve it: {', '.join(found.approvers) or 'nobody: no key in approvers.yaml may'}"


def _place_of(clause: str, found: Explanation, place: Place) -> str:
    if clause.startswith("floor"):
        return place(clause)
    if clause.startswith(("manifest", "subagents", "agents")):
        return place(f"data.agents.{found.call.agent}")
    if clause.startswith("external"):
        return place("data.outward")
    if clause.startswith(f"{found.verdict.facts.tool} asks"):
        return place(f"data.catalogue.tools.{found.verdict.facts.tool}")
    return place(f"data.matrix.{clause.partition(' ')[0]}.{found.tier.word}")


def _milder(one: Milder) -> tuple[str, str, str]:
    judged = f"{word(one.judged.level)}, {word(one.judged.outcome)}"
    return one.change, judged, weak(cut(one.command, columns() - 50)) if one.command else ""
