"""The data of a bundle -> `Policy`.

Checked, in order: every field is there and none is unknown; the matrix is complete and holds both
properties on which the gate rests (a graver level never loosens the outcome, a freer tier never tightens
it); the external row asks in every tier; ids stand once. Left to the caller: that floors name rules that
exist (`safety_core.bundle.contents`).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, TypeVar

from safety_core.blueprint.checked import check_tools
from safety_core.blueprint.parse import parse_blueprints
from safety_core.bundle.agents import parse_agents, parse_budget
from safety_core.bundle.approvers import parse_approvers, parse_quorum
from safety_core.bundle.forward import catchers_of, parse_forward
from safety_core.bundle.plans import parse_plans
from safety_core.bundle.prices import parse_prices
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, PolicyError
from safety_core.model.blueprint import ONE_BY_ONE, Blueprints
from safety_core.model.budget import UNBOUND
from safety_core.model.forward import ForwardPolicy
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import OutwardGrant, Pattern, Policy
from safety_core.model.prices import Prices
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.reader import Reader

Scale = TypeVar("Scale", Level, Outcome, Tier)

PARTS: Final = (
    "tenant", "revision", "matrix", "floors", "agents", "default_tier", "approvers",
    "outward", "hosts", "catalogue", "patterns", "volatile", "index", "budget", "prices", "forward", "quorum",
    "plans", "blueprints",
)  # fmt: skip
"""The keys of a bundle's data.json; there are no others."""


def parse_policy(data: JsonObject, *, revision: str, version: int) -> Policy:
    """Return the policy that a bundle's `data` describes.

    Args:
        revision: short name of exactly this bundle; the data must bear it too.
        version: TUF targets version, 0 for sources that were never published.

    Raises:
        PolicyError: naming the field ("data.matrix.red.trusted").
    """
    try:
        return _policy(Reader(data, "data"), revision, version)
    except InputError as error:
        raise PolicyError(error.thing, error.reason, error.fix) from error


def _policy(data: Reader, revision: str, version: int) -> Policy:
    if data.text("revision") != revision:
        raise PolicyError("data.revision", "is not the revision of the manifest", "build the bundle anew")
    floors = {entry.text("rule"): _reason(entry) for entry in data.objects("floors")}
    default_tier = _scale(data, "default_tier", Tier)
    policy = Policy(
        tenant=TenantId(data.text("tenant", limit=64)),
        revision=revision,
        version=version,
        matrix=_matrix(data.object("matrix")),
        floors=frozenset(floors),
        agents=parse_agents(data.object("agents"), default_tier),
        default_tier=default_tier,
        approvers=parse_approvers(data),
        outward=tuple(_outward(entry) for entry in data.objects("outward")),
        patterns=_patterns(data),
        catalogue=data.mapping("catalogue"),
        volatile=_volatile(data.object("volatile")),
        floor_reasons=floors,
        forward=_forward(data),
        budget=parse_budget(data.object("budget")) if data.has("budget") else UNBOUND,
        prices=parse_prices(data.object("prices")) if data.has("prices") else Prices(),
        quorum=parse_quorum(data.object("quorum")) if data.has("quorum") else {},
        plans=parse_plans(data.object("plans")) if data.has("plans") else ONE_BY_ONE,
        blueprints=_blueprints(data) if data.has("blueprints") else {},
    )
    data.mapping("index")
    data.done()
    return policy


def _blueprints(data: Reader) -> Blueprints:
    blueprints = parse_blueprints(data.object("blueprints"))
    check_tools(blueprints, data.mapping("catalogue"))
    return blueprints


def _forward(data: Reader) -> ForwardPolicy:
    """Return what egress.yaml lists. A policy without it, such as one published before there was any, lists nothing."""
    catchers = catchers_of(data.mapping("hosts"))
    return parse_forward(data.object("forward"), catchers) if data.has("forward") else ForwardPolicy()


def _scale(reader: Reader, name: str, scale: type[Scale]) -> Scale:
    word = reader.text(name)
    found = scale.named(word)
    if found is None:
        words = ", ".join(member.word for member in scale)
        raise PolicyError(f"{reader.path}.{name}", f"{word[:40]!r} is not one of {words}")
    return found


def _reason(floor: Reader) -> str:
    floor.text("rule")
    reason = floor.text("reason", limit=500)
    floor.done()
    return reason


def _matrix(reader: Reader) -> Mapping[tuple[Level, Tier], Outcome]:
    matrix: dict[tuple[Level, Tier], Outcome] = {}
    for level in Level:
        row = reader.object(level.word)
        for tier in Tier:
            matrix[level, tier] = _scale(row, tier.word, Outcome)
        row.done()
    reader.done()
    check_matrix(matrix, "data.matrix")
    return matrix


def check_matrix(matrix: Mapping[tuple[Level, Tier], Outcome], thing: str) -> None:
    """Refuse a matrix in which more danger or less freedom loosens the outcome, or a tier opens the external gate.

    `yellow_external` stands beside the order of the others: it asks in every tier, even where `red` is allowed.
    """
    inside = [level for level in Level if level is not Level.YELLOW_EXTERNAL]
    for tier in Tier:
        for milder, graver in pairwise(inside):
            if matrix[graver, tier] < matrix[milder, tier]:
                raise PolicyError(f"{thing}.{graver.word}.{tier.word}", f"is looser than {milder.word}")
        if matrix[Level.YELLOW_EXTERNAL, tier] < max(Outcome.ASK, matrix[Level.YELLOW, tier]):
            raise PolicyError(f"{thing}.yellow_external.{tier.word}", "opens the external gate", "write ask")
    for level in Level:
        for bound, free in pairwise(Tier):
            if matrix[level, free] > matrix[level, bound]:
                raise PolicyError(f"{thing}.{level.word}.{free.word}", f"is stricter than for a {bound.word} agent")


def _outward(entry: Reader) -> OutwardGrant:
    grant = OutwardGrant(
        AgentId(entry.text("agent", limit=64)), entry.text("tool"), entry.text("recipient"), entry.number("not_after")
    )
    if not grant.recipient.strip("@ "):
        raise PolicyError(f"{entry.path}.recipient", "names nobody", "write an address, @domain or a host")
    entry.done()
    return grant


def _patterns(data: Reader) -> tuple[Pattern, ...]:
    found: dict[str, Pattern] = {}
    for entry in data.objects("patterns"):
        pattern = _pattern(entry)
        if pattern.id in found:
            raise PolicyError(f"{entry.path}.id", f"{pattern.id} stands twice")
        found[pattern.id] = pattern
    return tuple(found.values())


def _pattern(entry: Reader) -> Pattern:
    pattern = Pattern(
        id=entry.text("id", limit=100),
        title=entry.text("title"),
        expression=entry.text("expression"),
        group=entry.integer("group", 0, maximum=99),
        check=entry.text("check", ""),
        keywords=entry.texts("keywords", ()),
        min_entropy=entry.number("min_entropy", 0.0),
    )
    entry.done()
    return pattern


def _volatile(reader: Reader) -> Mapping[str, frozenset[str]]:
    return {tool: frozenset(reader.texts(tool)) for tool in reader.keys()}  # noqa: SIM118
