"""The hub as its worst enemy would play it: it has the hub's own key and everything that it ever stored.

It says to a whole edge what it likes, in the form in which the edge hears it. Nothing that policy keeps for people
opens; what it may not do fails by name, in the edge's own audit; what is left to it is to say no.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from safety_core.approve import Answer, answer, grant_bytes, key_id
from safety_core.bundle.source import compile_bundle
from safety_core.canonical import canonical_bytes
from safety_core.model.approval import ANSWER_SECONDS, USE_SECONDS, ApprovalRequest, Cancellation, FeedItem, Grant
from safety_core.model.policy import KeyKind
from safety_core.wire.feed import item_from_json, item_to_json
from safety_core.wire.reader import Reader
from tests.proxy.calls.test_changes import inbox, question
from tests.proxy.calls.test_late_answers import DELETE, HUB, Plugin, edge
from tests.simulators.passkeys import SITE, Authenticator
from tests.simulators.small_policy import SMALL

ANN, BOB = Authenticator.fresh(name="Ann"), Authenticator.fresh("EdDSA", name="Bob")
STRONG = b"red: {supervised: ask_strong, trusted: ask_strong, autonomous: ask_strong}"
HARMLESS = {"command": "rm -r cache"}


@dataclass
class Attack:
    """An edge, and a hub that lies to it."""

    plugin: Plugin

    @property
    def now(self) -> float:
        return self.plugin.now[0]

    async def asked(self, params: object = None) -> ApprovalRequest:
        """Have the agent ask for a call, and return the question as the hub got it."""
        told = await self.plugin.decide(params=params)
        assert told["decision"] == "pending", told
        return await question(self.plugin, told["approval"]["id"])

    async def says(self, *items: FeedItem) -> None:
        """Say something in the feed; it passes the wire as everything does."""
        for item in items:
            raw = canonical_bytes(item_to_json(item))
            await inbox(self.plugin).take_up(item_from_json(Reader.parse(raw, "item")))

    def by_hub(self, request: ApprovalRequest, name: str = "Ann", origin: str = "console", **said: Any) -> Grant:
        """What the hub's own key can sign."""
        grant = answer(request, HUB, KeyKind.HUB, Answer(True, name, origin, "ab" * 16), self.now)
        return resigned(replace(grant, **said))

    async def outcome(self, params: object = None) -> str:
        """Have the agent repeat its call; return what it hears."""
        return str((await self.plugin.decide(params=params))["decision"])

    async def dropped(self) -> list[str]:
        """Return by which names the edge refused answers, in order."""
        entries = [json.loads(body) async for _, body in self.plugin.place.control.calls.services.audit.entries()]
        return [entry["rules"][0] for entry in entries if entry["outcome"] == "dropped"]


def resigned(grant: Grant, key: SigningKey = HUB) -> Grant:
    return replace(grant, signature=key.sign(grant_bytes(replace(grant, signature=""))).signature.hex())


def sources(*, strong: bool = True, quorum: int = 1, **hub: Any) -> dict[str, bytes]:
    own = {"id": key_id(KeyKind.HUB, HUB.verify_key), "kind": "hub", "public": HUB.verify_key.encode().hex()}
    pinned = {"approvers": [{**own, "up_to": "red", **hub}, ANN.entry, BOB.entry]}
    people = {"quorum": {"red": quorum, "critical_red": quorum}} if quorum > 1 else {}
    matrix = SMALL["matrix.yaml"]
    if strong:
        lines = [line for line in matrix.splitlines() if not line.startswith((b"red:", b"  # red"))]
        assert len(lines) == len(matrix.splitlines()) - 1, matrix
        matrix = b"\n".join([*lines, STRONG])
    return {**SMALL, "matrix.yaml": matrix, "approvers.yaml": json.dumps({**pinned, **people}).encode()}


@asynccontextmanager
async def attack(folder: Path, monkeypatch: pytest.MonkeyPatch, **policy: Any) -> AsyncGenerator[Attack, None]:
    async with edge(folder, monkeypatch) as plugin:
        await plugin.place.in_force.activate(compile_bundle(sources(**policy), tenant="bakery")[1])
        yield Attack(plugin)


async def test_it_cannot_make_a_grant_for_what_asks_for_a_strong_approver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        request = await hub.asked()
        hubs, anns = hub.by_hub(request), ANN.grant(request, now=hub.now)
        thief = Authenticator.fresh(name="Ann")
        lies = [
            (hubs, "WeakApproverError"),
            (hub.by_hub(request, origin="console+totp"), "WeakApproverError"),
            (resigned(replace(hubs, key=ANN.pinned.id)), "ForgedGrantError"),
            (replace(hubs, key=ANN.pinned.id, signature="", assertion=anns.assertion), "MismatchedGrantError"),
            (replace(thief.grant(request, now=hub.now), key=ANN.pinned.id), "MismatchedGrantError"),
            (thief.finished(replace(anns, assertion=None)), "ForgedGrantError"),
            (thief.grant(request, now=hub.now), "ForgedGrantError"),
            (resigned(hubs, SigningKey.generate()), "ForgedGrantError"),
        ]
        for lie, _ in lies:
            await hub.says(lie)
        assert await hub.dropped() == [name for _, name in lies]
        assert await hub.outcome() == "pending"
        await hub.says(anns)
        assert await hub.outcome() == "allow"


async def test_it_cannot_exceed_its_level_or_that_of_a_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with attack(tmp_path, monkeypatch, strong=False, up_to="yellow_external") as hub:
        await hub.says(hub.by_hub(await hub.asked()))
        assert await hub.outcome() == "pending"
        assert await hub.dropped() == ["WeakApproverError"]
    channels = {"email": "yellow_external", "telegram": "red"}
    async with attack(tmp_path / "other", monkeypatch, strong=False, channels=channels) as hub:
        request = await hub.asked()
        for origin in ("email:link", "email", "email+totp:link", "push", "sms:link", "Telegram:link", "", "x" * 60):
            await hub.says(hub.by_hub(request, origin=origin))
        assert set(await hub.dropped()) == {"WeakApproverError"}
        assert await hub.outcome() == "pending"
        await hub.says(hub.by_hub(request, origin="telegram:link"))
        assert await hub.outcome() == "allow"


async def test_it_cannot_have_another_call_allowed_than_the_one_that_was_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        grave, harmless = await hub.asked(), await hub.asked(HARMLESS)
        given, no = ANN.grant(harmless, now=hub.now), ANN.grant(grave, allow=False, now=hub.now)
        bound = {"request": grave.id, "action_digest": grave.action_digest}
        lies = [
            replace(given, **bound),
            replace(given, request=grave.id),
            replace(given, action_digest=grave.action_digest),
            replace(no, allow=True),
            replace(no, allow=True, approver="Bob"),
            replace(given, not_after=given.not_after + ANSWER_SECONDS),
            replace(given, revision="r0"),
            replace(given, nonce="cd" * 16),
            ANN.finished(replace(given, request=grave.id, assertion=None)),
        ]
        await hub.says(*lies)
        assert await hub.dropped() == ["MismatchedGrantError"] * len(lies)
        assert await hub.outcome() == "pending"
        await hub.says(given)
        assert await hub.outcome() == "pending"  # the grave one still is
        assert await hub.outcome(HARMLESS) == "allow"


async def test_it_cannot_use_a_passkey_on_another_site_or_what_it_signed_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        draft = replace(ANN.grant(await hub.asked(), now=hub.now), assertion=None)
        digest = grant_bytes(draft)
        phished = Authenticator(ANN.key, site="https://hub.example.evil.example", name="Ann")
        framed = ANN.sign(ANN.authenticator_data(), ANN.client_data(sha256(digest), crossOrigin=True))
        sign_in = ANN.sign(ANN.authenticator_data(), ANN.client_data(b"\x07" * 32))
        absent = ANN.sign(ANN.authenticator_data(flags=0x01), ANN.client_data(sha256(digest)))
        lied = ANN.sign(phished.authenticator_data(), ANN.client_data(sha256(digest)))
        for assertion in (phished.assertion(digest), framed, sign_in, absent, lied):
            await hub.says(replace(draft, assertion=assertion))
        assert await hub.dropped() == [
            "MismatchedGrantError",
            "MismatchedGrantError",
            "MismatchedGrantError",
            "WeakApproverError",
            "MismatchedGrantError",
        ]
        assert ANN.site == SITE
        assert await hub.outcome() == "pending"


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


async def test_it_cannot_have_a_grant_used_twice_or_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        request = await hub.asked()
        grant = ANN.grant(request, now=hub.now)
        await hub.says(grant, grant)
        said = await asyncio.gather(*(hub.outcome() for _ in range(6)))
        assert said.count("allow") == 1
        assert set(said) <= {"allow", "pending", "block"}
        for replay in (grant, replace(grant, request=(await hub.asked()).id)):
            await hub.says(replay)
            assert await hub.outcome() == "pending"


async def test_a_grant_ends_with_the_policy_that_it_was_given_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        request = await hub.asked()
        grant = ANN.grant(request, now=hub.now)
        await hub.says(grant)
        changed = {**sources(), "outward.yaml": b"outward: []\n", "agents.yaml": b"default_tier: supervised\n"}
        await hub.plugin.place.in_force.activate(compile_bundle(changed, tenant="bakery")[1])
        again = await hub.asked()
        assert again.id != request.id
        assert again.revision != request.revision
        await hub.says(grant, replace(grant, request=again.id, revision=again.revision))
        assert await hub.outcome() == "pending"
        await hub.says(ANN.grant(again, now=hub.now))
        assert await hub.outcome() == "allow"


async def test_what_comes_or_is_used_too_late_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        request = await hub.asked()
        early = ANN.grant(request, now=hub.now)
        await hub.says(early)
        hub.plugin.now[0] += USE_SECONDS + 1
        assert await hub.outcome() == "pending"
        late = await hub.asked()
        assert late.id != request.id
        kept = ANN.grant(late, now=hub.now)  # held back by the hub until the question is over
        hub.plugin.now[0] += ANSWER_SECONDS + 1
        await hub.plugin.sweep()
        await hub.says(kept)
        assert await hub.outcome() == "pending"
        short = await hub.asked()
        await hub.says(ANN.grant(short, now=hub.now, not_after=hub.now - 1))
        told = await hub.plugin.decide()
        assert told["decision"] == "block"
        assert "too late" in told["reason"]


async def test_what_other_tenants_people_signed_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        request = await hub.asked()
        stranger = Authenticator.fresh(name="Ann")
        other = replace(request, id="0" * 32, tenant="globex")  # type: ignore[arg-type]
        await hub.says(
            stranger.grant(request, now=hub.now),
            ANN.grant(other, now=hub.now),
            replace(ANN.grant(other, now=hub.now), request=request.id),
        )
        assert await hub.dropped() == ["ForgedGrantError", "MismatchedGrantError"]
        assert await hub.outcome() == "pending"


async def test_it_cannot_make_up_the_people_whom_a_quorum_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch, quorum=2) as hub:
        request = await hub.asked()
        anns = ANN.grant(request, now=hub.now)
        await hub.says(anns, anns, ANN.grant(request, now=hub.now + 1), ANN.grant(request, now=hub.now, nonce="9" * 32))
        assert await hub.outcome() == "pending"
        await hub.says(hub.by_hub(request, "Bob"), ANN.finished(replace(anns, approver="Bob", assertion=None)))
        assert await hub.dropped() == ["WeakApproverError", "ForgedGrantError"]
        assert await hub.outcome() == "pending"
        approval = await hub.plugin.place.control.calls.services.approvals.get(request.id)
        assert approval is not None
        assert approval.others == (anns,)
        await hub.says(BOB.grant(request, now=hub.now))
        assert await hub.outcome() == "allow"
        assert await hub.outcome() == "pending"


async def test_half_a_quorum_outlives_a_restart_and_one_no_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attack(tmp_path, monkeypatch, quorum=2) as hub:
        request, now = await hub.asked(), hub.now
        await hub.says(ANN.grant(request, now=now))
    async with attack(tmp_path, monkeypatch, quorum=2) as hub:
        hub.plugin.now[0] = now
        assert await hub.outcome() == "pending"
        await hub.says(BOB.grant(request, now=now))
        assert await hub.outcome() == "allow"
        other = await hub.asked()
        await hub.says(ANN.grant(other, now=now), ANN.grant(other, now=now, allow=False), BOB.grant(other, now=now))
        assert await hub.outcome() == "block"


async def test_what_is_left_to_it_is_to_say_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with attack(tmp_path, monkeypatch) as hub:
        request = await hub.asked()
        await hub.says(hub.by_hub(request, origin="anywhere", allow=False))
        assert await hub.outcome() == "block"
        other = await hub.asked(HARMLESS)
        await hub.says(Cancellation(other.id, "nobody"))
        await hub.says(ANN.grant(other, now=hub.now))
        assert await hub.outcome(HARMLESS) == "pending"
        assert DELETE != HARMLESS
