"""Calendars when something goes wrong: wrong secrets, silence, too much, cut lines, killed processes."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from safety_core.errors import ExecutionError, UncertainError
from tests.safety_core.edge.adapters.calendar.conftest import Diary
from tests.safety_core.edge.adapters.calendar.test_calendar import event
from tests.simulators.certificates import certificate
from tests.simulators.dav_house import SPACES
from tests.simulators.line_server import line_server
from tests.simulators.relay import relay
from tests.simulators.worker import worker

DOCTYPE = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>xxxxxx'
TASTING = {"title": "one act", "start": "2026-03-02"}


def there(diary: Diary) -> int:
    """Return how many events there are, once the server has done what it was told."""
    deadline = time.monotonic() + 60
    while not diary.house.names("/anna/home/") and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(diary.house.names("/anna/home/"))


async def test_a_wrong_password_is_said(diary: Diary) -> None:
    diary.password = "what it was last year"
    with pytest.raises(ExecutionError, match="is not let in") as caught:
        await diary.child("events")
    assert diary.password not in str(caught.value)


async def test_a_certificate_of_somebody_else_is_refused(diary: Diary, tmp_path: Path) -> None:
    diary.options["ca"] = str(certificate(tmp_path).chain)
    with pytest.raises(ExecutionError, match="certificate that is not trusted"):
        await diary.run("events")


async def test_this_machine_is_reached_only_where_the_operator_says_so(diary: Diary) -> None:
    diary.private = False
    with pytest.raises(ExecutionError, match="leads to this machine or its network"):
        await diary.run("events")
    diary.target = "http://calendar.example/"
    with pytest.raises(ExecutionError, match="would show its password"):
        await diary.run("events")


async def test_a_server_that_does_not_answer_is_left_in_time(diary: Diary) -> None:
    with line_server(b"", lambda line: None) as port:
        diary.target = f"http://localhost:{port}/"
        with pytest.raises(ExecutionError, match="did not answer in time") as caught:
            await diary.child("events", timeout=1.5)
        assert not isinstance(caught.value, UncertainError)


@pytest.mark.parametrize("count", [2_500, 10_000])
async def test_of_ten_thousand_events_some_are_read(diary: Diary, count: int) -> None:
    one = event("0", "DTSTART;VALUE=DATE:20260302", "SUMMARY:x").replace("\r\n", "&#13;\n")
    rows = "".join(
        f"<d:response><d:href>/{number}.ics</d:href><d:propstat><d:prop><d:getetag>{number}</d:getetag>"
        f"<c:calendar-data>{one}</c:calendar-data></d:prop></d:propstat></d:response>"
        for number in range(count)
    )
    kind = "<d:response><d:href>/</d:href><d:resourcetype><c:calendar/></d:resourcetype></d:response>"
    asked = b""

    def answer(line: bytes) -> bytes | None:
        nonlocal asked
        asked = line if b" HTTP/1.1" in line else asked
        if line != b"\r\n":
            return None
        body = f"<d:multistatus {SPACES}>{rows if b'REPORT' in asked else kind}</d:multistatus>".encode()
        return b"HTTP/1.1 207 x\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    with line_server(b"", answer) as port:
        diary.target = f"http://localhost:{port}/"
        if count > 3000:
            with pytest.raises(ExecutionError, match="more than 3000 events in this time"):
                await diary.child("events", timeout=120.0)
        else:
            told = json.loads((await diary.child("events", timeout=120.0, **{"from": "2026-03-01"})).output)
            assert (told["found"], len(told["events"])) == (count, 100)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"HTTP/1.1 207 x\r\nContent-Length: 99999999999\r\n\r\n", lambda: iter([b"<a>" * 10_000_000])),
        (
            b"HTTP/1.1 207 x\r\nContent-Length: 46\r\n\r\n",
            lambda: iter([b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>xxxxxx']),
        ),
        (b"HTTP/1.1 302 x\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n", lambda: iter([])),
        (b"HTTP/1.1 302 x\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n", lambda: iter([])),
        (b"HTTP/1.1 207 x\r\nContent-Length: 5\r\n\r\n", lambda: iter([b"<a/> "])),
    ],
    ids=["93 GiB", "an entity", "leads elsewhere", "leads round", "says nothing"],
)
async def test_a_server_that_means_no_good_gets_nowhere(
    diary: Diary, head: bytes, body: Callable[[], Iterator[bytes]]
) -> None:
    def answer(line: bytes) -> Iterator[bytes]:
        if line == b"\r\n":
            yield head
            yield from body()

    with line_server(b"", answer) as port:
        diary.target = f"http://localhost:{port}/"
        with pytest.raises(ExecutionError) as caught:
            await diary.run("events")
        assert not isinstance(caught.value, UncertainError)


@pytest.mark.parametrize("after", [1, 200, 600])
async def test_a_calendar_whose_line_is_cut_was_not_read(diary: Diary, after: int) -> None:
    await diary.do("add", **TASTING)
    with relay(diary.house.plain, after=after) as line:
        diary.target = f"http://localhost:{line.port}/"
        with pytest.raises(ExecutionError, match="cut off") as caught:
            await diary.run("events")
        assert not isinstance(caught.value, UncertainError)


@pytest.mark.parametrize("passed", [False, True], ids=["before it came", "behind it"])
async def test_a_line_cut_at_the_change_leaves_nobody_knowing_and_the_next_try_finds_out(
    diary: Diary, passed: bool
) -> None:
    with relay(diary.house.plain, at=b"PUT /", passed=passed) as line:
        diary.target = f"http://localhost:{line.port}/"
        with pytest.raises(UncertainError):
            await diary.child("add", key="one act", **TASTING)
    diary.target = ""
    await diary.child("add", key="one act", again=True, **TASTING)
    assert there(diary) == 1


async def killed_and_tried_again(
    diary: Diary, operation: str, arguments: dict[str, Any], word: bytes, passed: bool
) -> None:
    """Kill the worker when its request is at the server, or behind it; then try the same act again."""
    with relay(diary.house.plain, at=word, passed=passed, hold=True) as line:
        diary.target = f"http://localhost:{line.port}/"
        with worker(diary.request(operation, key="one act", **arguments)) as (process, _):
            assert line.reached.wait(30)
            await asyncio.sleep(0.3 * passed)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    diary.target = ""
    await diary.child(operation, key="one act", again=True, **arguments)


@pytest.mark.parametrize("passed", [False, True], ids=["before it came", "behind it"])
@pytest.mark.parametrize("operation", ["add", "change", "remove"])
async def test_a_worker_that_is_killed_in_the_middle_does_nothing_twice(
    diary: Diary, operation: str, passed: bool
) -> None:
    arguments = dict(TASTING)
    word = b"DELETE /" if operation == "remove" else b"PUT /"
    if operation != "add":
        arguments = {"id": (await diary.do("add", **TASTING))["added"]}
        arguments |= {"title": "x"} if operation == "change" else {}
    await killed_and_tried_again(diary, operation, arguments, word, passed)
    if operation == "remove":
        assert diary.house.names("/anna/home/") == []
        return
    assert there(diary) == 1
    (name,) = diary.house.names("/anna/home/")
    text = diary.house.ask("GET", name)[1]
    assert f"SEQUENCE:{1 if operation == 'change' else 0}" in text


@pytest.mark.parametrize("passed", [False, True], ids=["before it came", "behind it"])
@pytest.mark.parametrize("operation", ["add_contact", "change_contact", "remove_contact"])
async def test_a_contact_is_kept_once_though_the_worker_is_killed(diary: Diary, operation: str, passed: bool) -> None:
    given = {"name": "Bo", "email": ["bo@mill.test"]}
    word, arguments = b"PUT /", dict[str, Any](given)
    if operation != "add_contact":
        arguments = {"id": (await diary.do("add_contact", **given))["added"]}
    if operation == "change_contact":
        arguments["note"] = "pays late"
    if operation == "remove_contact":
        word = b"DELETE /"
    await killed_and_tried_again(diary, operation, arguments, word, passed)
    found = await diary.do("search_contacts")
    assert found["found"] == (operation != "remove_contact")
    assert [row.get("note") for row in found["contacts"]] == {"change_contact": ["pays late"]}.get(
        operation, [None] * found["found"]
    )
