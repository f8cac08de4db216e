"""docs/hub.md works as it is written: its commands are typed in their order, before a hub and an edge that run."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from safety_core.bundle.roles import Release, publish
from safety_core.cli.main import run
from safety_core.cli.policy.shipping import Line
from safety_core.edge.publish import read_repository, upload
from safety_core.edge.publisher import PublisherClient
from safety_core.edge.signing_keys import read_signers
from tests.docs.hand import Hand
from tests.simulators.site import TENANT, Edge, Site, site
from tests.simulators.small_policy import SMALL


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def safety(*words: str) -> None:
    assert run([*words]) == 0, words


@dataclass
class Shop:
    """A site whose publisher works in the current folder. `hand` types the page."""

    here: Site
    hand: Hand

    def heads(self) -> int:
        with closing(sqlite3.connect(f"file:{self.here.hub_data}/hub.db?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM checkpoints").fetchone()[0])

    def asked(self, edge: Edge, tool: str = "exec", **params: str) -> str:
        """Have the agent ask something, and return the question's id once the hub has it."""
        name = str(edge.decide(tool, **params)["approval"]["id"])
        with self.here.as_person("approver") as olga:
            until(lambda: olga.get(f"/v1/approvals/{name}").status_code == 200)
        return name

    def build(self, tenant: str = TENANT, *, own: str) -> None:
        """Build and sign a policy, as docs/setup.md has it; the page publishes it."""
        Path("policies/hosts.yaml").write_text(f"own: [{own}]\n")
        safety("policy", "build", "--policies", "policies", "--tenant", tenant, "-o", "bundle.tar.gz")
        safety("policy", "sign", "bundle.tar.gz", "--keys", "KEYS")

    def publish(self, tenant: str = TENANT, *, own: str) -> None:
        """Do what the page does not show: the first publication of a tenant, and all of another one's."""
        self.build(tenant, own=own)
        safety("policy", "publish", "bundle.tar.gz", "--keys", "KEYS", "--repository", f"repositories/{tenant}")

    def revision(self, edge: Edge) -> str:
        return str(edge.status()["policy"].get("revision"))


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Generator[Shop, None, None]:
    with site() as here:
        desk = here.folder / "desk"
        desk.mkdir()
        monkeypatch.chdir(desk)
        with here.hub():
            for name, value in {
                "SAFETY_HOME": str(here.home.path),
                "SAFETY_HUB_DATA": str(here.hub_data),
                "SAFETY_HUB_URL": here.hub_url.replace("127.0.0.1", "localhost"),
                "SAFETY_HUB": here.hub_url,
                "SAFETY_APPROVER_TOKEN_FILE": "olga.token",
                "SAFETY_PUBLISHER_TOKEN_FILE": "",
            }.items():
                monkeypatch.setenv(name, value)
            sources(here)
            yield Shop(here, Hand("hub.md", {"https://hub.example": here.hub_url}))


def sources(here: Site) -> None:
    """Lay out what a publisher has: keys, and a policy that pins the hub's approval key."""
    safety("policy", "keys", "KEYS")
    here.repository.root = Path("KEYS/root.json").read_bytes()
    for name, raw in SMALL.items():
        file = Path("policies") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    Path("policies/approvers.yaml").write_text(json.dumps({"approvers": [here.hub_key()]}))
    for name in (TENANT, "florist"):
        overlay = Path(f"policies/tenants/{name}/agents.yaml")
        overlay.parent.mkdir(parents=True)
        overlay.write_text("default_tier: trusted\n")


def test_the_page_works_as_it_is_written(shop: Shop) -> None:
    here, hand = shop.here, shop.hand
    hand.types("safety hub tenant add")
    hand.types("safety tenant register")
    with here.edge() as edge:
        edge.decide("exec", command="ls")
        until(shop.heads)
        taken_back(shop, edge)
    with here.edge() as edge:
        edge.decide("exec", command="ls")
        a_new_log_is_let_in(shop)
        for name in ("publisher", "approver"):
            here.tokens[name] = here.at_hub(name, "add", TENANT, "Ada")
        Path("olga.token").write_text(here.tokens["approver"])
        here.at_hub("tenant", "add", "florist")
        first_policy(shop)
        until(lambda: edge.status()["policy"]["state"] == "in force")
        questions(shop, edge)
        outward(shop, edge)
        publications(shop, edge)
        replaced(shop, edge)
        programs(shop, edge)
        hand.types("safety backup make")
        hand.types("safety backup list")
    copies(shop)
    people(shop)
    hand.here.update({
        "/var/backups/hub-2026-11-26.backup": "hub.backup",
        "/srv/new": "new",
        "postgresql://hub@/new?host=/run/postgresql": f"sqlite:///{here.folder}/desk/new/hub.db",
    })  # fmt: skip
    hand.types("safety hub backup")
    assert "restored" in hand.types("safety hub --data")
    hand.ended()


def first_policy(shop: Shop) -> None:
    shop.build(own="shop.example")
    Path("first.token").write_text(shop.here.tokens["publisher"])
    safety("policy", "publish", "bundle.tar.gz", "--keys", "KEYS", "--repository", f"repositories/{TENANT}",
           "--hub", shop.here.hub_url, "--token-file", "first.token")  # fmt: skip


def taken_back(shop: Shop, edge: Edge) -> None:
    """The key is taken back; on the tenant's server the key and the log are moved away, and it registers again."""
    shop.hand.types("safety hub tenant revoke")
    assert edge.stop() == 0
    home = shop.here.home
    away = shop.here.folder / "away"
    away.mkdir()
    for file in (home.edge_key, *home.path.glob("audit.db*")):
        file.rename(away / file.name)
    Path("again.token").write_text(shop.here.at_hub("tenant", "add", TENANT))
    safety("tenant", "register", TENANT, "--hub", shop.here.hub_url, "--token-file", "again.token")


def a_new_log_is_let_in(shop: Shop) -> None:
    until(lambda: "contradict" in shop.here.at_hub("tenant", "list"))
    shop.hand.types("safety audit verify", status=1)
    shop.hand.types("safety hub tenant accept-log")
    until(lambda: run(["audit", "verify", "--hub", shop.here.hub_url, "--tenant", TENANT]) == 0)


def questions(shop: Shop, edge: Edge) -> None:
    hand = shop.hand
    hand.here["ID"] = name = shop.asked(edge, command="rm -rf build")
    assert name in hand.types("safety approvals list")
    assert "rm -rf build" in hand.types("safety approvals show")
    hand.here = {"[--key FILE]": "--yes", **hand.here}
    assert "granted" in hand.types("safety approvals approve")
    hand.here["ID"] = shop.asked(edge, command="rm -rf cache")
    hand.here[" deny"] = " deny --yes"
    assert "denied" in hand.types("safety approvals deny")
    hand.here["ID"] = shop.asked(edge, command="rm -rf site")
    assert "cancelled" in hand.types("safety approvals cancel")


def outward(shop: Shop, edge: Edge) -> None:
    asked = shop.asked(edge, "message", to="jo@customer.example")
    terms = {"recipient": "jo@customer.example", "not_after": time.time() + 86400, "uses": 3}
    with shop.here.as_person("approver") as olga:
        made = olga.post(f"/v1/approvals/{asked}/outward", json=terms)
    assert made.status_code == 201, made.text
    shop.hand.here["ID"] = made.json()["grant"]["id"]
    until(lambda: _held(shop))
    shop.hand.types("safety approvals outward")
    shop.hand.types("safety approvals outward --withdraw")


def _held(shop: Shop) -> bool:
    with closing(sqlite3.connect(f"file:{shop.here.home.edge_db}?mode=ro", uri=True)) as db:
        return bool(db.execute("SELECT count(*) FROM standing_grant").fetchone()[0])


def publications(shop: Shop, edge: Edge) -> None:
    hand, first = shop.hand, shop.revision(edge)
    hand.types("safety hub publisher add bakery")
    hand.types("safety hub publisher add-for-all")
    shop.build(own="bakery.example")
    assert "the hub has it" in hand.types("safety policy publish")
    until(lambda: shop.revision(edge) != first)
    for own in ("bakery.example", "shop.example"):
        shop.publish("florist", own=own)
    hand.types("export")
    Path("policies/hosts.yaml").write_text("own: [spring.example]\n")
    told = hand.types("safety policy release spring")
    hand.here["ID"] = told.split()[1]
    assert "running" in hand.types("safety policy release ID")
    hand.here["REVISION"] = first
    abandon(shop, hand.here["ID"])
    assert "is version" in hand.types("safety policy rollback bakery --to REVISION")
    undone = hand.types("safety policy rollback bakery florist")
    assert "running" in undone
    with PublisherClient(shop.here.hub_url, Path("publisher.token").read_text().strip()) as author:
        until(lambda: {one.state for one in author.show(undone.split()[1]).tenants.values()} == {"placed"})


def replaced(shop: Shop, edge: Edge) -> None:
    """The key that releases policy is replaced: what it signs afterwards is refused, what the new one signs is not."""
    stolen = Path(shutil.copytree("KEYS", "stolen"))
    assert "new keys for targets" in shop.hand.types("safety policy root --keys KEYS --replace targets")
    assert "renewed" in shop.hand.types("safety policy renew")
    shutil.copytree(f"repositories/{TENANT}", "forged")
    there = {name: raw for name, raw in read_repository(Path("forged")).items() if ".staged" not in name}
    newest = Line(Path("forged"), TENANT).released()[0]
    until(lambda: edge.status()["policy"]["version"] == newest.version)
    bundle = Path("forged", newest.target.path).read_bytes()
    forged = publish(
        there, Release(TENANT, newest.target.revision, bundle, newest.target.key), read_signers(stolen), time.time()
    )
    asyncio.run(upload(shop.here.hub_url, TENANT, shop.here.tokens["publisher"], forged))
    until(lambda: "signed by 0 of the 2 keys" in json.dumps(edge.status()))
    assert edge.status()["policy"]["version"] == newest.version


def abandon(shop: Shop, release: str) -> None:
    """Nobody further gets it: else its first wave may come while a rollback is on its way."""
    with shop.here.as_person("publisher") as author:
        author.headers["Authorization"] = f"Bearer {Path('publisher.token').read_text().strip()}"
        done = author.post(f"/v1/releases/{release}/action", json={"action": "abandon"})
    assert done.status_code == 200, done.text


def programs(shop: Shop, edge: Edge) -> None:
    shop.hand.here["ID"] = name = shop.asked(edge, command="rm -rf logs")
    assert name in shop.hand.types("curl")
    assert '"denied"' in shop.hand.types("curl")


def copies(shop: Shop) -> None:
    home = shop.here.home.path
    kept = home.with_name("before")
    home.rename(kept)
    (folder,) = (kept / "backups").iterdir()
    shop.hand.here.update({"FOLDER": str(folder), "KEYS": str(kept / "keys")})
    shop.hand.types("safety backup check")
    assert "vault: opens" in shop.hand.types("safety backup restore")


def people(shop: Shop) -> None:
    hand = shop.hand
    invite = hand.types("safety hub person add Olga")
    assert "/invite/" in invite
    for word in ("list", "give", "take", "invite", "shut-out", "let-in"):
        hand.types(f"safety hub person {word}")
    hand.types("safety hub passkey list")
