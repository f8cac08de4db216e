"""What one policy says otherwise than another, in words.

Compared is what a bundle means, not how its sources are laid out: programs that share an entry are compared one by one,
lists without their order. Whether a change loosens the policy is said where that can be told from the change alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from safety_core.bundle.clauses import HITS, Clause, clauses_of
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.index import Guard
from safety_core.bundle.leaves import catalogue_leaves, leaves
from safety_core.bundle.prices import prices_said
from safety_core.canonical import Json, JsonObject
from safety_core.model.blueprint import PlanRules
from safety_core.model.budget import UNBOUND, Budget, Unit
from safety_core.model.forward import ForwardRule
from safety_core.model.forward import How as Way
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import AgentManifest, ApproverKey, KeyKind, Pattern, Sandbox, Subagents
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import NANO

V = TypeVar("V")
Entries: TypeAlias = Mapping[tuple[str, str], Mapping[str, str]]
"""Leaves of catalogue entries, by sort and name."""


class How(StrEnum):
    """What became of a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes:
        part: what sort of thing ("rule", "matrix", "program").
        words: what differs in it, one clause each.
        loosens: True or False where the change by itself makes the policy looser or stricter, None where it depends.
    """

    part: str
    name: str
    how: How
    words: tuple[str, ...] = ()
    loosens: bool | None = None

    def to_json(self) -> JsonObject:
        """Return it as a document."""
        return {
            "part": self.part,
            "name": self.name,
            "how": self.how.value,
            "words": [*self.words],
            "loosens": self.loosens,
        }


def differences(old: TrustedBundle, new: TrustedBundle) -> tuple[Change, ...]:
    """Return everything that `new` says otherwise than `old`, the gravest parts first."""
    return (
        *_matrix(old, new),
        *_floors(old, new),
        *_rules(old, new),
        *_agents(old, new),
        *_grants(old, new),
        *_approvers(old, new),
        *_quorum(old, new),
        *_plans(old, new),
        *_blueprints(old, new),
        *_catalogue(old, new),
        *_hosts(old, new),
        *_forward(old, new),
        *_budgets(old, new),
        *_prices(old, new),
        *_patterns(old, new),
        *_vectors(old, new),
    )


def _both(old: Mapping[str, V], new: Mapping[str, V]) -> Iterator[tuple[str, V | None, V | None]]:
    """Yield name, old and new value of everything that is not the same, by name."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield name, before, after


def _how(before: object, after: object) -> How:
    return How.ADDED if before is None else How.REMOVED if after is None else How.CHANGED


def _matrix(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for level in Level:
        for tier in Tier:
            before, after = old.policy.matrix[level, tier], new.policy.matrix[level, tier]
            if before is not after:
                words = f"{_said(before)} before, now {_said(after)}"
                yield Change("matrix", f"{level.word} for {tier.word}", How.CHANGED, (words,), after < before)
    if old.policy.default_tier is not new.policy.default_tier:
        before_tier, after_tier = old.policy.default_tier, new.policy.default_tier
        words = f"{before_tier.word} before, now {after_tier.word}"
        yield Change("agents", "default tier", How.CHANGED, (words,), after_tier > before_tier)


def _said(outcome: Outcome) -> str:
    return outcome.word.replace("_", " ")


def _floors(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for floor in sorted(old.policy.floors ^ new.policy.floors):
        gone = floor in old.policy.floors
        words = "people may approve it from now on" if gone else "denied from now on, whoever approves"
        yield Change("floor", floor, How.REMOVED if gone else How.ADDED, (words,), gone)
    for floor in sorted(old.policy.floors & new.policy.floors):
        before, after = old.policy.floor_reasons.get(floor, ""), new.policy.floor_reasons.get(floor, "")
        if before != after:
            yield Change("floor", floor, How.CHANGED, (f"its reason is now {json.dumps(after, ensure_ascii=False)}",))


def _rules(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for name, before, after in _both(_modules(old), _modules(new)):
        if before is None or after is None:
            clauses = [clause for clause in clauses_of((before or after or ("", None))[0]) if clause.name == HITS]
            yield Change("rule", name, _how(before, after), tuple(map(_clause, clauses)), after is None)
        else:
            words = (*_guards(before[1], after[1]), *_clauses(before[0], after[0]))
            yield Change("rule", name, How.CHANGED, words or ("its comments",))


def _modules(bundle: TrustedBundle) -> dict[str, tuple[str, Guard | None]]:
    return {rule: (bundle.modules[f"rules/{rule}/{rule}.rego"], guard) for rule, guard in bundle.guards.items()}


def _guards(before: Guard | None, after: Guard | None) -> Iterator[str]:
    for name, old, new in zip(("kinds", "subjects"), before or (), after or (), strict=True):
        if old != new:
            yield f"is asked about {name} {_listed(new)}, before {_listed(old)}"


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "of any sort"


def _clauses(before: str, after: str) -> Iterator[str]:
    old, new = _texts(before), _texts(after)
    yield from (f"no longer: {_clause(clause)}" for text, clause in old.items() if text not in new)
    yield from (f"now: {_clause(clause)}, line {clause.first}" for text, clause in new.items() if text not in old)


def _texts(module: str) -> dict[str, Clause]:
    lines = module.splitlines()
    return {"\n".join(lines[clause.first - 1 : clause.last]): clause for clause in clauses_of(module)}


def _clause(clause: Clause) -> str:
    if clause.name != HITS:
        return f"{clause.name}(...)"
    return f"{clause.level or 'a level that it works out'}, {json.dumps(clause.reason)}"


def _agents(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    before = {str(name): manifest for name, manifest in old.policy.agents.items()}
    after = {str(name): manifest for name, manifest in new.policy.agents.items()}
    for name, was, now in _both(before, after):
        words = f"{_manifest(was)} before, now {_manifest(now)}"
        agent = AgentId(name)
        looser = _freer(old.policy.agent(agent), new.policy.agent(agent))
        yield Change("agent", name, _how(was, now), (words,), looser)


def _freer(was: AgentManifest, now: AgentManifest) -> bool | None:
    """Tell whether an agent may do anything that it might not before (True), or only less (False)."""
    return True if any(_gains(was, now)) else False if any(_gains(now, was)) else None


def _gains(was: AgentManifest, now: AgentManifest) -> Iterator[bool]:
    yield now.tier > was.tier
    for before, after in _listings(was, now):
        yield before is not None and (after is None or not after <= before)
    yield was.sandbox is Sandbox.REQUIRED and now.sandbox is not Sandbox.REQUIRED
    yield now.subagents.depth > was.subagents.depth or now.subagents.running > was.subagents.running
    yield _looser(was.budget, now.budget) is True


def _listings(was: AgentManifest, now: AgentManifest) -> Iterator[tuple[frozenset[str] | None, frozenset[str] | None]]:
    yield was.tools, now.tools
    yield was.secrets, now.secrets
    yield was.connections, now.connections


def _manifest(manifest: AgentManifest | None) -> str:
    if manifest is None:
        return "the default tier with every tool"
    tools = "every tool" if manifest.tools is None else f"the tools {_listed(manifest.tools)}"
    return ", ".join((f"{manifest.tier.word} with {tools}", *_bounds(manifest)))


def _bounds(manifest: AgentManifest) -> Iterator[str]:
    if manifest.secrets is not None:
        yield f"the secrets {_listed(manifest.secrets)}" if manifest.secrets else "no secret"
    if manifest.connections is not None:
        yield f"the connections {_listed(manifest.connections)}" if manifest.connections else "no connection"
    if manifest.sandbox is Sandbox.REQUIRED:
        yield "sandbox required"
    if manifest.subagents != Subagents():
        yield f"subagents to depth {manifest.subagents.depth}, {manifest.subagents.running} at once"
    if manifest.budget != UNBOUND:
        yield _budget(manifest.budget)


def _budget(budget: Budget) -> str:
    limits = [
        f"{limit / NANO:.9f}".rstrip("0").removesuffix(".") + f" dollars a {period.value}"
        if unit is Unit.USD
        else f"{limit} tokens a {period.value}"
        for (unit, period), limit in budget.limits().items()
    ]
    unpriced = ", models without a price uncounted" if budget.allow_unpriced else ""
    return f"{' and '.join(limits) or 'no limit'}, told at {budget.alert_at}%{unpriced}" if limits else "no limit"


def _budgets(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    before, after = old.policy.budget, new.policy.budget
    if before != after:
        words = f"{_budget(before)} before, now {_budget(after)}"
        yield Change("budget", "of all agents", How.CHANGED, (words,), _looser(before, after))


def _looser(before: Budget, after: Budget) -> bool | None:
    """Tell whether a change of limits alone only loosens, or only tightens them."""
    old, new = before.limits(), after.limits()
    if before.allow_unpriced is not after.allow_unpriced or old == new:
        return None
    looser = all(key not in new or new[key] >= limit for key, limit in old.items()) and new.keys() <= old.keys()
    tighter = all(key not in old or old[key] >= limit for key, limit in new.items()) and old.keys() <= new.keys()
    return looser if looser is not tighter else None


def _prices(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for name, was, now in _both(prices_said(old.policy.prices), prices_said(new.policy.prices)):
        yield Change("price", name, _how(was, now), (f"{was or 'none'} before, now {now or 'none'}",))


def _grants(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for grant in sorted({*old.policy.outward} ^ {*new.policy.outward}, key=lambda one: (one.agent, one.recipient)):
        gone = grant in old.policy.outward
        words = f"{grant.agent} may reach it by {grant.tool} without asking, until {grant.not_after:.0f}"
        yield Change("outward grant", grant.recipient, How.REMOVED if gone else How.ADDED, (words,), not gone)


def _approvers(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    before = {str(key.id): key for key in old.policy.approvers}
    after = {str(key.id): key for key in new.policy.approvers}
    for name, was, now in _both(before, after):
        words = f"{_approver(was)} before, now {_approver(now)}"
        yield Change("approver", name, _how(was, now), (words,), None if was and now else was is None)


def _approver(key: ApproverKey | None) -> str:
    if key is None:
        return "nobody's"
    more = [f"by {channel} up to {level.word}" for channel, level in sorted(key.channels.items())]
    more += ["with a one-time code for what asks for a strong approver"] if key.strong else []
    more += [f"outward grants for {key.outward_seconds // 86400} days"] if key.outward_seconds else []
    more += [f"of {' or '.join(sorted(key.names))}"] if key.names else []
    more += [f"on {key.site}"] if key.site else []
    kind = "a passkey" if key.kind is KeyKind.PASSKEY else f"a {key.kind.value}'s key"
    public = key.public[-12:] if key.kind is KeyKind.PASSKEY else f"{key.public[:8]}..."
    return ", ".join((kind, public, f"up to {key.up_to.word}", *more))


def _quorum(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for level in Level:
        before, after = old.policy.quorum.get(level, 1), new.policy.quorum.get(level, 1)
        if before != after:
            words = f"{before} before, now {after}"
            yield Change("quorum", f"people who approve {level.word}", How.CHANGED, (words,), after < before)


def _plans(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    was, now = old.policy.plans, new.policy.plans
    if was != now:
        graver = now.up_to is not None and (was.up_to is None or now.up_to > was.up_to)
        longer = now.up_to is not None and now.seconds > was.seconds
        words = f"{_covered(was)} before, now {_covered(now)}"
        yield Change("plans", "what one answer covers", How.CHANGED, (words,), graver or longer)


def _covered(rules: PlanRules) -> str:
    return "no plan" if rules.up_to is None else f"up to {rules.up_to.word} for {rules.seconds / 60:.0f} minutes"


def _blueprints(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    before = {name: leaves(blueprint.source) for name, blueprint in old.policy.blueprints.items()}
    after = {name: leaves(blueprint.source) for name, blueprint in new.policy.blueprints.items()}
    for name, was, now in _both(before, after):
        words = tuple(path for path, _, _ in _both(was or {}, now or {})) if was and now else ()
        yield Change("blueprint", name, _how(was, now), words)


def _catalogue(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    before, after = catalogue_leaves(old.policy.catalogue), catalogue_leaves(new.policy.catalogue)
    for (part, name), was, now in _entries(before, after):
        words = tuple(_leaf_words(was or {}, now or {}))
        yield Change(part, name, _how(was, now), words)


def _entries(
    old: Entries, new: Entries
) -> Iterator[tuple[tuple[str, str], Mapping[str, str] | None, Mapping[str, str] | None]]:
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _leaf_words(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for path, before, after in _both(old, new):
        if before is None:
            yield f"{path}: {after}" if after else path
        elif after is None:
            yield f"{path}: no longer {before}" if before else f"no longer {path}"
        else:
            yield f"{path}: {before} before, now {after}"


def _hosts(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    yield from _whole("hosts", old.data["hosts"], new.data["hosts"])


def _forward(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    for name, was, now in _both(_listed_hosts(old), _listed_hosts(new)):
        words = f"{_way(was)} before, now {_way(now)}"
        yield Change("forward", name, _how(was, now), (words,), None if was and now else was is None)


def _listed_hosts(bundle: TrustedBundle) -> dict[str, ForwardRule]:
    found = {}
    for rule in bundle.policy.forward.hosts:
        clients = "" if rule.agents is None else f" for {_listed(frozenset(map(str, rule.agents)))}"
        found[f"{rule.host}:{','.join(map(str, sorted(rule.ports)))}{clients}"] = rule
    return found


def _way(rule: ForwardRule | None) -> str:
    if rule is None:
        return "refused"
    methods = "every method" if rule.methods is None else _listed(rule.methods)
    clients = "every client" if rule.agents is None else _listed(frozenset(map(str, rule.agents)))
    limit = "" if rule.body_limit is None else f", bodies up to {rule.body_limit} bytes"
    seen = "" if rule.how is Way.TUNNEL else f", {methods}{limit}{', strictly' if rule.strict else ''}"
    return f"{rule.how.value} for {clients}{seen}"


def _whole(part: str, old: Json, new: Json) -> Iterator[Change]:
    for path, before, after in _both(leaves(old), leaves(new)):
        how = _how(before, after)
        words = (f"{before} before, now {after}",) if how is How.CHANGED else ()
        yield Change(part, path, how, words)


def _patterns(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    before = {pattern.id: pattern for pattern in old.policy.patterns}
    after = {pattern.id: pattern for pattern in new.policy.patterns}
    for name, was, now in _both(before, after):
        words = tuple(field for field in Pattern.__slots__ if getattr(was, field, "") != getattr(now, field, ""))
        yield Change(
            "pattern", name, _how(was, now), words if was and now else (), None if was and now else now is None
        )


def _vectors(old: TrustedBundle, new: TrustedBundle) -> Iterator[Change]:
    gone, come = len({*_facts(old)} - {*_facts(new)}), len({*_facts(new)} - {*_facts(old)})
    changed = sum(1 for facts, hits in _facts(new).items() if _facts(old).get(facts, hits) != hits)
    counts = ((come, "new"), (gone, "no longer there"), (changed, "with other hits"))
    words = tuple(f"{count} {what}" for count, what in counts if count)
    if words:
        yield Change("golden vectors", f"{len(new.golden)} in all", How.CHANGED, words)


def _facts(bundle: TrustedBundle) -> dict[str, object]:
    return {json.dumps(vector.facts, sort_keys=True): vector.hits for vector in bundle.golden}
