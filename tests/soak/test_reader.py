"""The soak's reader finds each kind of violation, and in sound evidence nothing."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from safety_core.audit.tree import leaf_hash
from safety_core.model.record import Event
from soak.provider import cost
from soak.reader.reading import read
from tests.simulators.soaked import ENTRIES, MODEL, Soaked, entry

Broken = Callable[[Soaked], Awaitable[None]]

LOG, ACTS, KEYS, GRANTS, USAGE, SECRETS, STARTS = "log", "acts", "keys", "grants", "usage", "secrets", "starts"


@pytest.fixture
async def soaked(tmp_path: Path) -> Soaked:
    return await Soaked(tmp_path).make()


async def test_sound_evidence_is_found_to_be_sound(soaked: Soaked) -> None:
    report = read(soaked.folder)
    assert report.findings == []
    assert report.numbers["entries of the audit log"] == len(ENTRIES)
    assert report.numbers["acts in the world"] == 3
    assert report.numbers["grants that were used"] == 2
    assert report.numbers["of these in the books as stated"] == 2


async def an_entry_is_changed(soaked: Soaked) -> None:
    with soaked.database("home/audit.db") as db:
        body = db.execute("SELECT body FROM entry WHERE number = 3").fetchone()[0].replace(b'"main"', b'"maid"')
        db.execute("UPDATE entry SET body = ? WHERE number = 3", (body,))
        db.execute("UPDATE hash SET value = ? WHERE level = 0 AND number = 3", (leaf_hash(body),))


async def an_entry_is_missing(soaked: Soaked) -> None:
    with soaked.database("home/audit.db") as db:
        db.execute("DELETE FROM entry WHERE number = 3")


async def the_end_is_cut_off(soaked: Soaked) -> None:
    with soaked.database("home/audit.db") as db:
        db.execute("DELETE FROM entry WHERE number = ?", (len(ENTRIES) - 1,))


async def a_hash_is_another(soaked: Soaked) -> None:
    with soaked.database("home/audit.db") as db:
        db.execute("UPDATE hash SET value = zeroblob(32) WHERE level = 2 AND number = 1")


async def the_head_is_signed_by_another_key(soaked: Soaked) -> None:
    soaked.key = SigningKey.generate()
    await soaked.log(ENTRIES)


async def the_log_is_written_anew_by_who_has_the_key(soaked: Soaked) -> None:
    await soaked.log((*ENTRIES[:3], entry(Event.PROPOSED, "z1.1"), *ENTRIES[4:]))


async def an_execution_is_not_in_the_log(soaked: Soaked) -> None:
    soaked.note("agent", "answer", token="o2", call="o2.1", how="run", status="executed")


async def a_question_is_not_in_the_log(soaked: Soaked) -> None:
    soaked.note("agent", "answer", token="o1", call="o1.1", how="run", status="pending")


async def a_repeat_is_not_in_the_log(soaked: Soaked) -> None:
    soaked.note("agent", "answer", token="o1", call="o1.1", how="run", status="executed", repeated=True)


async def a_prompt_left_before_it_was_in_the_log(soaked: Soaked) -> None:
    soaked.rewrite("provider", log=(17, 16))


async def an_act_without_a_permission(soaked: Soaked) -> None:
    soaked.note("shop", "act", token="o9", path="/orders", key="k-o9", repeat=False, log=18)


async def an_act_before_its_permission(soaked: Soaked) -> None:
    soaked.rewrite("shop", log=(2, 1))


async def a_command_without_a_permission(soaked: Soaked) -> None:
    (soaked.folder / "work" / "acts").write_text("w1\nw9\n")


async def a_permission_against_policy(soaked: Soaked) -> None:
    await soaked.log((*ENTRIES, entry(Event.PERMITTED, "f1.1", "deny")))


async def an_act_that_came_twice(soaked: Soaked) -> None:
    soaked.note("shop", "act", token="o1", path="/orders", key="k-o1", repeat=False, log=18)


async def an_act_under_two_keys(soaked: Soaked) -> None:
    soaked.note("shop", "act", token="o1", path="/orders", key="other", repeat=True, log=18)


async def a_command_that_ran_twice(soaked: Soaked) -> None:
    (soaked.folder / "work" / "acts").write_text("w1\nw1\n")


async def an_act_that_never_came_about(soaked: Soaked) -> None:
    (soaked.folder / "work" / "acts").write_text("")


async def an_act_that_was_denied(soaked: Soaked) -> None:
    soaked.rewrite("agent", status=("executed", "denied"))


async def a_grant_used_twice(soaked: Soaked) -> None:
    await soaked.log((*ENTRIES, entry(Event.PERMITTED, "p1.2", "ask", approver="Olga")))
    soaked.note("agent", "ask", token="p1", call="p1.2", how="decide")
    soaked.note("agent", "answer", token="p1", call="p1.2", how="decide", status="allow")


async def a_permission_that_nobody_granted(soaked: Soaked) -> None:
    with soaked.database("hub/hub.db") as db:
        db.execute("DELETE FROM answers")


async def a_grant_that_is_forged(soaked: Soaked) -> None:
    with soaked.database("hub/hub.db") as db:
        db.execute("DELETE FROM answers")
    for token in ("r1", "p1"):
        soaked.grant(token, SigningKey.generate())


async def the_hub_counts_otherwise(soaked: Soaked) -> None:
    soaked.book(2, 0, cost(0)[0] + cost(1)[0] + 5, 2, only_edge=True)


async def an_answer_is_not_in_the_books(soaked: Soaked) -> None:
    soaked.book(1, 0, cost(0)[0], 1)


async def an_answer_is_in_the_books_twice(soaked: Soaked) -> None:
    soaked.book(3, 0, 2 * cost(0)[0] + cost(1)[0], 3)


async def an_answer_that_nobody_gave_is_in_the_books(soaked: Soaked) -> None:
    soaked.book(3, 0, cost(0)[0] + cost(1)[0] + cost(2)[0], 3)


async def an_estimate_too_many_is_in_the_books(soaked: Soaked) -> None:
    soaked.book(3, 1, cost(0)[0] + cost(1)[0] + 20, 2)


async def a_whole_answer_was_shown_and_never_booked(soaked: Soaked) -> None:
    soaked.book(2, 1, cost(1)[0] + 20, 2)


async def a_secret_at_the_hub(soaked: Soaked) -> None:
    (soaked.folder / "hub" / "hub.db-wal").write_text(f"x{soaked.secret}x")


async def a_secret_in_a_log(soaked: Soaked) -> None:
    (soaked.folder / "logs" / "edge.err").write_text(soaked.secret[::-1])


async def a_secret_at_the_provider(soaked: Soaked) -> None:
    (soaked.folder / "notes" / "provider.bytes").write_bytes(base64.b64encode(soaked.secret.encode()))


async def a_start_on_a_broken_file_that_loosened(soaked: Soaked) -> None:
    started = {"who": "edge", "file": "edge.db", "how": "cut", "came": "started"}
    soaked.note("chaos", "trial", **started, told={"forbidden": "block", "asks": "allow", "used": "pending"})


async def a_changed_log_that_verified(soaked: Soaked) -> None:
    started = {"who": "edge", "file": "audit.db", "how": "1 bits flipped", "came": "started"}
    soaked.note("chaos", "trial", **started, told={}, changed=True, verified=True)


async def a_hub_on_a_broken_file_that_knows_strangers(soaked: Soaked) -> None:
    started = {"who": "hub", "file": "hub.db", "how": "cut", "came": "started"}
    soaked.note("chaos", "trial", **started, told={"nobody": 401, "stranger": 200})


async def a_start_that_failed_without_a_word(soaked: Soaked) -> None:
    refused = {"who": "edge", "file": "vault.db", "how": "cut", "came": "refused", "code": 1}
    soaked.note("chaos", "trial", **refused, traceback=False, said="error: the vault cannot be opened")


VIOLATIONS: tuple[tuple[Broken, str, str], ...] = (
    (an_entry_is_changed, LOG, "not those that were signed"),
    (an_entry_is_missing, LOG, "entry 3 is missing"),
    (the_end_is_cut_off, LOG, "18 entries are signed, 17 are there"),
    (a_hash_is_another, LOG, "the hashes that are kept"),
    (the_head_is_signed_by_another_key, LOG, "the head is not signed by the edge"),
    (the_log_is_written_anew_by_who_has_the_key, LOG, "what the hub cosigned"),
    (an_execution_is_not_in_the_log, LOG, "call o2.1 was answered executed"),
    (a_question_is_not_in_the_log, LOG, "call o1.1 was answered pending"),
    (a_repeat_is_not_in_the_log, LOG, "does not say that it was repeated"),
    (a_prompt_left_before_it_was_in_the_log, LOG, "was the 2th at the provider"),
    (an_act_without_a_permission, ACTS, "o9 happened at the shop"),
    (an_act_before_its_permission, ACTS, "o1 happened at the shop"),
    (a_command_without_a_permission, ACTS, "a command wrote w9"),
    (a_permission_against_policy, ACTS, "f1.1 was permitted against a policy"),
    (an_act_that_came_twice, KEYS, "o1 happened 2 times"),
    (an_act_under_two_keys, KEYS, "o1 came to the shop under 2 keys"),
    (a_command_that_ran_twice, KEYS, "w1 happened 2 times"),
    (an_act_that_never_came_about, KEYS, "w1 ended as executed, and happened 0 times"),
    (an_act_that_was_denied, KEYS, "r1 ended as denied, and happened 1 times"),
    (a_grant_used_twice, GRANTS, "1 grants for call p1.1 were used 2 times"),
    (a_permission_that_nobody_granted, GRANTS, "nobody granted it"),
    (a_grant_that_is_forged, GRANTS, "is signed by nobody whose key is pinned"),
    (the_hub_counts_otherwise, USAGE, "the hub does not count as the edge"),
    (an_answer_is_not_in_the_books, USAGE, "1 answers of soak-00000 are not in the books"),
    (an_answer_is_in_the_books_twice, USAGE, "3 requests, 0 of them estimated, 1 as stated"),
    (an_answer_that_nobody_gave_is_in_the_books, USAGE, "the provider never stated it"),
    (an_estimate_too_many_is_in_the_books, USAGE, "1 estimates of soak-00000 stand for 0 prompts"),
    (a_whole_answer_was_shown_and_never_booked, USAGE, "prompt m0 was answered whole, and is not in the books"),
    (a_secret_at_the_hub, SECRETS, "PLANTED stands in hub/hub.db-wal"),
    (a_secret_in_a_log, SECRETS, "PLANTED stands in logs/edge.err, reversed"),
    (a_secret_at_the_provider, SECRETS, "PLANTED stands in notes/provider.bytes, in base64"),
    (a_start_on_a_broken_file_that_loosened, STARTS, "a call that is asks was allowed"),
    (a_changed_log_that_verified, STARTS, "a log that was changed verifies"),
    (a_hub_on_a_broken_file_that_knows_strangers, STARTS, "stranger was answered with 200"),
    (a_start_that_failed_without_a_word, STARTS, "it does not name what is broken"),
)


@pytest.mark.parametrize(("broken", "about", "what"), VIOLATIONS, ids=[one[0].__name__ for one in VIOLATIONS])
async def test_each_violation_is_found(soaked: Soaked, broken: Broken, about: str, what: str) -> None:
    await broken(soaked)
    found = read(soaked.folder).findings
    assert [one for one in found if one.about == about and what in one.what], found


async def test_what_a_kill_took_is_counted_and_is_no_finding(soaked: Soaked) -> None:
    soaked.book(1, 0, cost(0)[0], 1)
    soaked.note("chaos", "ended", who="edge", wanted=False)
    report = read(soaked.folder)
    assert report.findings == []
    assert report.numbers["of these lost in a kill between answer and books"] == 1


@pytest.mark.parametrize(
    ("who", "file", "said"),
    [
        ("hub", "hub.db-wal", "error: hub database sqlite:////x/hub.db: failed (DatabaseError)"),
        ("edge", "vault.db", "error: secret SHOP_TOKEN: does not open with this key in this place"),
    ],
)
async def test_a_start_that_names_what_is_broken_is_no_finding(soaked: Soaked, who: str, file: str, said: str) -> None:
    soaked.note("chaos", "trial", who=who, file=file, how="cut", came="refused", code=1, traceback=False, said=said)
    assert read(soaked.folder).findings == []


async def test_an_estimate_stands_for_an_answer_whose_statement_was_lost(soaked: Soaked) -> None:
    soaked.book(2, 1, cost(0)[0] + 33, 2)
    report = read(soaked.folder)
    assert report.findings == []
    assert report.numbers["of these in the books as estimates"] == 1


async def test_an_answer_that_broke_behind_its_statement_counts_as_an_estimate_too(soaked: Soaked) -> None:
    soaked.book(2, 1, cost(0)[0] + cost(1)[0], 2)
    (found,) = read(soaked.folder).findings
    assert "2 requests, 1 of them estimated, 2 as stated, and 0 prompts that were not answered whole" in found.what
    soaked.rewrite("agent", whole=(True, False))
    assert read(soaked.folder).findings == []


async def test_an_estimate_stands_for_a_prompt_that_never_arrived(soaked: Soaked) -> None:
    soaked.note("agent", "prompt", token="m2", model=MODEL, stream=False)
    soaked.note("agent", "told", token="m2", model=MODEL, status=502, whole=False)
    soaked.book(3, 1, cost(0)[0] + cost(1)[0] + 33, 2)
    assert read(soaked.folder).findings == []
