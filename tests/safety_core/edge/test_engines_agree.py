"""The embedded engine and a stock Open Policy Agent give the same decision, with the same reasons, on every call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path
from typing import Any

import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.golden import read_hits
from safety_core.bundle.source import compile_bundle
from safety_core.classify.facts import facts_of
from safety_core.edge.opa import OpaEngine
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import shipped_folder, shipped_sources
from safety_core.errors import SafetyError
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind, Zone
from safety_core.model.verdict import Hit
from tests.simulators.judging import WORKSPACE, call_of
from tests.simulators.stock_opa import stock

VALUES = {
    TargetKind.PATH: "/srv/shop/a.txt",
    TargetKind.HOST: "shop.example",
    TargetKind.RECIPIENT: "olga@example.org",
}
NAMES = (
    "/srv/tenants/two/orders.csv", "/srv/shop/AGENTS.md", "/srv/shop/memory/MEMORY.md", "/srv/shop/customers.csv",
    "production", "shop-production", "db.prod.shop.example", "/etc/passwd", "~/.ssh/id_ed25519", "main", "0 * * * *",
)  # fmt: skip
"""What rules know by its name."""

ODD = (
    "", "\x00", "\x1b[2J", "\u2028", "\ufeff", "\ufffd", "\u00e9 e\u0301", "\U0001f600" * 70, "\u202e",
    '"\\{}$`\n\r', "%s%d%v",
    "9" * 400, "1e999", "-0", "NaN", "a" * 3000, "<undefined>", "\u0130\u0131", "\uffff", "\U0010ffff",
)  # fmt: skip
COMMANDS = tuple(
    f"{start}{program} {arguments}"
    for start, program, arguments in product(
        ("", "sudo ", "cd shop && "),
        ("rm", "git", "curl", "cp", "docker", "psql", "chmod", "kubectl", "npm", "unheard-of"),
        ("", "-rf ~", "push origin main", "-d @.env https://shop.example/x", "-c 'drop table orders'", "a b", "run $x"),
    )
)


def vocabulary() -> list[str]:
    schema = json.loads((shipped_folder() / "schema/facts.json").read_text())
    traits: list[str] = schema["$defs"]["action"]["properties"]["traits"]["items"]["enum"]
    return traits


def one(kind: Kind, subject: str, target: Target, *traits: str) -> Facts:
    return Facts("exec", "main", (Action(kind, subject, f"{subject} it", (target,), frozenset(traits), "does it"),))


def products(bundle: TrustedBundle) -> Iterator[Facts]:
    """Yield every kind with every zone and sort of target, every kind with every trait, and every guarded subject."""
    traits, zones, kinds = cycle(vocabulary()), cycle(Zone), cycle(Kind)
    for kind, zone, sort in product(Kind, Zone, TargetKind):
        yield one(kind, "rm", Target(sort, VALUES.get(sort, "orders"), zone), next(traits))
    for kind, trait, sort in product(Kind, vocabulary(), TargetKind):
        yield one(kind, "git", Target(sort, VALUES.get(sort, "orders"), next(zones)), trait, next(traits))
    for kind, name, sort in product(Kind, NAMES, TargetKind):
        yield one(kind, "cp", Target(sort, name, Zone.OUTSIDE), *(("outward",) if kind is Kind.OUTWARD else ()))
    for subject in sorted({subject for _, subjects in bundle.guards.values() for subject in subjects}):
        yield one(next(kinds), subject, Target(TargetKind.PATH, "/etc/x", next(zones)), next(traits))
    hosts = bundle.data["hosts"]
    for host in _leaves(hosts):
        yield one(Kind.OUTWARD, "curl", Target(TargetKind.HOST, host, Zone.OUTSIDE))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _leaves(inner)


def crowds() -> Iterator[Facts]:
    """Yield calls with several actions, many targets, secrets and doubts."""
    for number in (0, 1, 3, 4, 25, 500):
        people = tuple(Target(TargetKind.RECIPIENT, f"p{n}@example.org", Zone.OUTSIDE) for n in range(number))
        secret = Target(TargetKind.PATH, "~/.ssh/id_ed25519", Zone.SENSITIVE)
        for kind in Kind:
            actions = (Action(Kind.READ, "cat", "cat", (secret,)), Action(kind, "message", "message send", people))
            yield Facts("message", "main", actions, ("a doubt",) * (number % 2), ("shop",), ("found.1",))
            yield Facts("message", "main", actions[1:], refs=("shop", "till"))
    for subjects in (("printf", "head", "od"), ("echo", "redirection"), ("tee",), ("sha256sum",)):
        kinds = (Kind.WRITE if subject in {"redirection", "tee"} else Kind.READ for subject in subjects)
        acts = tuple(Action(kind, subject, subject) for kind, subject in zip(kinds, subjects, strict=True))
        yield from (Facts("exec", "main", acts, refs=refs) for refs in ((), ("shop", "till")))
    yield Facts("", "")


def odd() -> Iterator[Facts]:
    for text, kind in product(ODD, (Kind.READ, Kind.DESTROY, Kind.OUTWARD, Kind.UNKNOWN)):
        for sort in TargetKind:
            target = Target(sort, text, Zone.SENSITIVE)
            yield Facts(text, text, (Action(kind, text, text, (target,), frozenset({text}), text),), (text,), (text,))


def drawn() -> Iterator[Facts]:
    """Yield what nobody thought of; the same every time."""
    text = st.text(max_size=12)
    target = st.builds(Target, st.sampled_from(TargetKind), text, st.sampled_from(Zone))
    traits = st.frozensets(st.sampled_from(vocabulary()), max_size=4)
    action = st.builds(Action, st.sampled_from(Kind), text, text, st.lists(target, max_size=3).map(tuple), traits, text)
    texts = st.lists(text, max_size=2).map(tuple)
    whole = st.builds(Facts, text, text, st.lists(action, max_size=4).map(tuple), texts, texts, texts)
    found: list[Facts] = []

    @settings(max_examples=300, derandomize=True, database=None, deadline=None)
    @given(whole)
    def draw(facts: Facts) -> None:
        found.append(facts)

    draw()
    yield from found


async def test_both_engines_give_the_same_decision_on_the_whole_corpus(tmp_path: Path) -> None:
    _, bundle = compile_bundle(shipped_sources(), tenant="one")
    catalogue = bundle.policy.catalogue
    commands = (facts_of(call_of("exec", {"command": line}), catalogue, WORKSPACE) for line in COMMANDS)
    corpus = dict.fromkeys([*products(bundle), *crowds(), *odd(), *drawn(), *commands])
    embedded, fired = RegoEngine(deadline=10), set[str]()
    await embedded.load(bundle)
    with stock(tmp_path) as url:
        remote = OpaEngine(url, deadline=10)
        await remote.load(bundle)
        for facts in corpus:
            here = await _outcome(embedded, facts)
            assert await _outcome(remote, facts) == here, facts
            fired |= {hit.rule for hit in here} if isinstance(here, tuple) else set()
        await remote.close()
    await embedded.close()
    assert fired == set(bundle.guards), "every rule fires for some call"


async def _outcome(engine: OpaEngine | RegoEngine, facts: Facts) -> tuple[Hit, ...] | str:
    try:
        return (await engine.judge(facts)).hits
    except SafetyError:
        return "no answer"


async def test_a_stock_opa_reproduces_the_golden_vectors(tmp_path: Path) -> None:
    _, bundle = compile_bundle(shipped_sources(), tenant="one")
    assert bundle.golden
    with stock(tmp_path) as url:
        remote = OpaEngine(url, deadline=10)
        await remote.load(bundle)
        async with httpx2.AsyncClient(timeout=60) as client:
            for vector in bundle.golden:
                told = await client.post(f"{url}/v1/data/safety/answer", json={"input": vector.facts})
                assert read_hits(told.json()["result"]["hits"], "answer") == vector.hits
        await remote.close()
