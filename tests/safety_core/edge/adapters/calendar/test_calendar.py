"""Calendars and contacts over a real CalDAV and CardDAV server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safety_core.errors import ExecutionError
from tests.safety_core.edge.adapters.calendar.conftest import Diary

MARCH = {"from_": "2026-03-01", "to": "2026-03-31"}


def event(uid: str, *lines: str) -> str:
    body = "\r\n".join(lines)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{body}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def put(diary: Diary, name: str, text: str) -> None:
    assert diary.house.ask("PUT", f"/anna/{name}", text, {"Content-Type": "text/calendar"})[0] == 201


async def titles(diary: Diary, **how: Any) -> list[str]:
    listed = await diary.do("events", **{**MARCH, **how})
    return [f"{row['start'][5:16]} {row['title']}" for row in listed["events"]]


async def test_it_says_what_it_reached(diary: Diary) -> None:
    assert (await diary.run("check")).output == "localhost, as anna: 1 calendars, 1 address books"
    assert (await diary.do("calendars")) == {"calendars": [{"calendar": "home", "name": "Home"}]}


async def test_what_is_added_is_listed_and_taken_back(diary: Diary) -> None:
    added = await diary.run(
        "add", title="Mehl, bestellen", start="2026-03-02T09:30", location="Köln; Hof", description="a\nb"
    )
    (row,) = (await diary.do("events", **MARCH))["events"]
    assert row["start"] == "2026-03-02T09:30:00+01:00"
    assert row["end"] == "2026-03-02T10:30:00+01:00"
    assert (row["title"], row["location"], row["description"]) == ("Mehl, bestellen", "Köln; Hof", "a b")
    assert row["id"] == json.loads(added.output)["added"]
    await diary.undone(added)
    assert diary.house.names("/anna/home/") == []


async def test_a_change_says_how_to_put_it_back(diary: Diary) -> None:
    added = await diary.do("add", title="Order", start="2026-03-02T09:30", end="2026-03-02T09:45")
    before = diary.house.ask("GET", f"/anna/{added['added']}")[1]
    changed = await diary.run("change", id=added["added"], title="Order flour", start="2026-03-03T10:00")
    assert await titles(diary) == ["03-03T10:00 Order flour"]
    again = await diary.undone(changed)
    assert await titles(diary) == ["03-02T09:30 Order"]
    assert diary.house.ask("GET", f"/anna/{added['added']}")[1].split() == before.split()
    await diary.undone(again)
    assert await titles(diary) == ["03-03T10:00 Order flour"]


async def test_what_is_removed_can_be_put_back(diary: Diary) -> None:
    added = await diary.do("add", title="Order", start="2026-03-02")
    removed = await diary.run("remove", id=added["added"])
    assert await titles(diary) == []
    await diary.undone(removed)
    assert await titles(diary) == ["03-02 Order"]
    with pytest.raises(ExecutionError, match="otherwise by now"):
        await diary.undone(removed)


async def test_nobody_is_overwritten(diary: Diary) -> None:
    added = await diary.do("add", title="Order", start="2026-03-02")
    changed = await diary.run("change", id=added["added"], title="Order flour")
    await diary.do("change", id=added["added"], title="Order rye")
    with pytest.raises(ExecutionError, match="otherwise by now"):
        await diary.undone(changed)
    with pytest.raises(ExecutionError, match="otherwise by now"):
        await diary.do("change", id=added["added"], title="x", etag=added["etag"])
    with pytest.raises(ExecutionError, match="no tag"):
        await diary.do("change", id=added["added"], title="x", etag="x\r\nX: y")
    assert await titles(diary) == ["03-02 Order rye"]


async def test_repetitions_are_counted_out_within_the_span(diary: Diary) -> None:
    await diary.do("add", title="Market", start="2026-03-20T08:00", rule="FREQ=WEEKLY;COUNT=3")
    put(
        diary,
        "home/a.ics",
        event("a", "DTSTART:20200101T070000Z", "DURATION:PT15M", "RRULE:FREQ=MONTHLY", "SUMMARY:Rent"),
    )
    assert await titles(diary, to="2026-04-10") == [
        "03-01T07:00 Rent",
        "03-20T08:00 Market",
        "03-27T08:00 Market",
        "04-01T07:00 Rent",
        "04-03T08:00 Market",
    ]
    listed = await diary.do("events", from_="2026-03-28", to="2026-04-10", query="market")
    assert [row["start"] for row in listed["events"]] == ["2026-04-03T08:00:00+02:00"], "eight o'clock stays eight"


async def test_repetitions_that_are_otherwise_or_left_out(diary: Diary) -> None:
    text = event(
        "a",
        "DTSTART;VALUE=DATE:20260302",
        "RRULE:FREQ=DAILY;UNTIL=20260306",
        "EXDATE;VALUE=DATE:20260303",
        "SUMMARY:Bake",
    )
    other = "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;VALUE=DATE:20260304\r\n"
    other += "DTSTART:20260304T120000Z\r\nDTEND:20260304T130000Z\r\nSUMMARY:Bake late\r\nEND:VEVENT\r\nEND:VCALENDAR"
    put(diary, "home/a.ics", text.replace("END:VCALENDAR", other))
    assert await titles(diary) == ["03-02 Bake", "03-04T12:00 Bake late", "03-05 Bake", "03-06 Bake"]


async def test_whoever_is_invited_is_named(diary: Diary) -> None:
    added = await diary.run("add", title="Tasting", start="2026-03-02T18:00", attendees=["bo@mill.test"])
    identity = json.loads(added.output)["added"]
    text = diary.house.ask("GET", f"/anna/{identity}")[1].replace("\r\n ", "")
    assert "mailto:bo@mill.test" in text
    assert "ORGANIZER:mailto:anna@shop.test" in text
    for operation, more in (("change", {"title": "x"}), ("remove", {}), ("change", {"attendees": ["cy@mill.test"]})):
        with pytest.raises(ExecutionError, match="leaves out people") as caught:
            await diary.do(operation, id=identity, **more)
        assert "bo@mill.test" in caught.value.fix
    changed = await diary.run("change", id=identity, title="x", attendees=["BO@mill.test", "cy@other.test"])
    assert changed.undo is not None
    assert changed.undo.params["attendees"] == ["bo@mill.test", "cy@other.test"]
    with pytest.raises(ExecutionError, match="leaves out people"):
        await diary.undone(changed, attendees=["bo@mill.test"])
    await diary.undone(changed)
    assert added.undo is not None
    assert added.undo.params["attendees"] == ["bo@mill.test"]
    await diary.undone(added)
    assert diary.house.names("/anna/home/") == []


ALARM = ("BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT1H", "SUMMARY:x", "DESCRIPTION:x", "END:VALARM")


@pytest.mark.parametrize(
    "lines",
    [
        ("ORGANIZER:mailto:eve@evil.test", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@shop.test", "COMMENT:told"),
        (*ALARM[:-1], "ATTENDEE:mailto:eve@evil.test", ALARM[-1]),
        ('ATTENDEE;DELEGATED-TO="mailto:eve@evil.test":mailto:anna@shop.test',),
        ("ATTENDEE;EMAIL=eve@evil.test:mailto:anna@shop.test",),
        ('ORGANIZER;SENT-BY="mailto:eve@evil.test":mailto:anna@shop.test', "ATTENDEE:mailto:anna@shop.test"),
        ('ATTENDEE;CN="x:mailto:eve@evil.test',),
    ],
)
async def test_what_is_put_back_tells_nobody_whom_the_call_does_not_name(diary: Diary, lines: tuple[str, ...]) -> None:
    text = event("u1", "DTSTART:20260302T090000Z", "SUMMARY:Order", *lines)
    with pytest.raises(ExecutionError, match=r"leaves out people|cannot be read"):
        await diary.run("restore", id="home/u1.ics", text=text, attendees=["anna@shop.test"])
    assert diary.house.names("/anna/home/") == []


async def test_who_invites_is_named_and_not_invited_by_it(diary: Diary) -> None:
    lines = ("DTSTART:20260302T090000Z", "SUMMARY:Order", "ORGANIZER:mailto:bo@mill.test")
    put(diary, "home/u1.ics", event("u1", *lines, "ATTENDEE:mailto:anna@shop.test"))
    with pytest.raises(ExecutionError, match="leaves out people"):
        await diary.do("remove", id="home/u1.ics", attendees=["anna@shop.test"])
    both = ["anna@shop.test", "bo@mill.test"]
    await diary.do("change", id="home/u1.ics", title="Order flour", attendees=both)
    text = diary.house.ask("GET", "/anna/home/u1.ics")[1].replace("\r\n ", "")
    assert text.count("ATTENDEE") == 1
    removed = await diary.run("remove", id="home/u1.ics", attendees=both)
    await diary.undone(removed)
    assert await titles(diary) == ["03-02T09:00 Order flour"]


@pytest.mark.parametrize("attendee", ["bo@mill.test\r\nATTENDEE:mailto:eve@evil.test", "eve@evil.test;x", "bo"])
async def test_an_attendee_that_could_be_read_otherwise_is_refused(diary: Diary, attendee: str) -> None:
    with pytest.raises(ExecutionError, match="attendees"):
        await diary.do("add", title="x", start="2026-03-02", attendees=[attendee])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"start": "soon"}, "must be a day"),
        ({"end": "2026-03-01"}, "behind the start"),
        ({"end": "2026-03-03T10:00"}, "both be days"),
        ({"rule": "FREQ=SECONDLY"}, "at most daily"),
        ({"rule": "FREQ=DAILY\r\nATTENDEE:mailto:eve@evil.test"}, "how it repeats"),
        ({"title": ""}, "what it is"),
        ({"title": "x\x00"}, "must be text"),
        ({"calendar": "work"}, "home"),
    ],
    ids=str,
)
async def test_what_cannot_be_added_is_said(diary: Diary, arguments: dict[str, str], says: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        await diary.do("add", **{"title": "x", "start": "2026-03-02", **arguments})
    assert says in str(caught.value)
    assert diary.house.names("/anna/home/") == []


async def test_a_line_in_a_text_stays_in_it(diary: Diary) -> None:
    await diary.do("add", title="x", start="2026-03-02", description="a\r\nATTENDEE:mailto:eve@evil.test")
    (row,) = (await diary.do("events", **MARCH))["events"]
    assert "attendees" not in row


@pytest.mark.parametrize(
    "identity", ["home/../people/x.vcf", "../home/a.ics", "home/..", "other/a.ics", "home", "people/a.ics"]
)
async def test_an_id_leads_into_our_own_collections_alone(diary: Diary, identity: str) -> None:
    with pytest.raises(ExecutionError, match="is no id"):
        await diary.do("change", id=identity, title="x")


async def test_one_act_adds_once(diary: Diary) -> None:
    first = await diary.do("add", key="one act", title="Order", start="2026-03-02")
    second = await diary.do("add", key="one act", again=True, title="Order", start="2026-03-02")
    assert first == second
    assert len(diary.house.names("/anna/home/")) == 1
    await diary.do("change", key="another", id=first["added"], title="Order flour")
    repeated = await diary.do("change", key="another", again=True, id=first["added"], title="Order flour")
    assert repeated["before"] is True
    await diary.do("remove", key="third", id=first["added"])
    assert (await diary.do("remove", key="third", again=True, id=first["added"]))["before"] is True
    with pytest.raises(ExecutionError, match="any more"):
        await diary.do("remove", id=first["added"])


async def test_contacts_are_found_added_changed_and_removed(diary: Diary) -> None:
    added = await diary.run(
        "add_contact", name="Bo Müller", email=["bo@mill.test"], phone="+49 221 1", organization="A; B"
    )
    identity = json.loads(added.output)["added"]
    await diary.do("add_contact", name="Cy", note="pays\nlate")
    found = await diary.do("search_contacts", query="mill.test")
    assert found["found"] == 1
    row = found["contacts"][0]
    assert (row["name"], row["email"], row["organization"]) == ("Bo Müller", ["bo@mill.test"], "A; B")
    assert [row["name"] for row in (await diary.do("search_contacts"))["contacts"]] == ["Bo Müller", "Cy"]
    changed = await diary.run("change_contact", id=identity, email=["bo@new.test", "b@new.test"], note="x")
    assert (await diary.do("search_contacts", query="new.test"))["contacts"][0]["phone"] == ["+49 221 1"]
    await diary.undone(changed)
    assert (await diary.do("search_contacts", query="new.test"))["found"] == 0
    removed = await diary.run("remove_contact", id=identity)
    assert (await diary.do("search_contacts"))["found"] == 1
    await diary.undone(removed)
    await diary.undone(added)
    assert len(diary.house.names("/anna/people/")) == 1


async def test_what_we_do_not_know_of_a_contact_stays(diary: Diary) -> None:
    card = (
        'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:7\r\nFN:Bo\r\nN:Bo;;;;\r\nitem1.TEL;TYPE="a:b;c":1\r\n'
        "PHOTO;ENCODING=b:" + "QUJD" * 60 + "\r\nX-SHOE:44\r\nEND:VCARD\r\n"
    )
    assert diary.house.ask("PUT", "/anna/people/7.vcf", card, {"Content-Type": "text/vcard"})[0] == 201
    await diary.do("change_contact", id="people/7.vcf", note="likes rye, and wheat")
    text = diary.house.ask("GET", "/anna/people/7.vcf")[1].replace("\r\n ", "")
    assert "X-SHOE:44" in text
    assert "QUJD" * 60 in text
    assert "NOTE:likes rye\\, and wheat" in text
    for wrong in ({"email": "x\r\nEMAIL:y@z.test"}, {"email": "no address"}, {"name": ["a", "b"]}):
        with pytest.raises(ExecutionError, match="argument"):
            await diary.do("change_contact", id="people/7.vcf", **wrong)


async def test_one_act_adds_one_contact(diary: Diary) -> None:
    for again in (False, True):
        await diary.do("add_contact", key="one act", again=again, name="Bo")
    assert len(diary.house.names("/anna/people/")) == 1
    identity = "people/" + diary.house.names("/anna/people/")[0].rpartition("/")[2]
    await diary.do("change_contact", key="two", id=identity, note="x")
    assert (await diary.do("change_contact", key="two", again=True, id=identity, note="x"))["before"] is True
