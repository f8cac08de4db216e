"""Every settled question is on exactly one page of the history, whatever is filtered."""

from __future__ import annotations

import re
from itertools import chain

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.console.history import PAGE
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, question
from tests.simulators.visitors import Visitor, visitor

OLGA = Approver(TenantId("acme"), "Olga", "console")


async def settle(hub: RunningHub, count: int) -> None:
    """Have questions asked and answered, every third with a no, one by one."""
    for number in range(count):
        hub.clock.now += 1
        level = Level.YELLOW if number % 2 else Level.RED
        asked = question(now=hub.clock(), level=level, params={"command": f"rm ./file-{number}."})
        await questions.take(hub.context, asked)
        await answering.answer(hub.context, OLGA, asked.id, allow=bool(number % 3))


async def all_pages(olga: Visitor, path: str) -> list[list[int]]:
    """Return the numbers of the files on each page, by following its link to older ones."""
    pages = []
    while path:
        page = (await olga.get(path)).text
        pages.append([int(number) for number in re.findall(r"rm \./file-(\d+)\.", page)])
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    return pages


async def test_each_is_on_one_page(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    count = 2 * PAGE + 3
    await settle(small_hub, count)
    pages = await all_pages(olga, "/history")
    assert [len(page) for page in pages] == [PAGE, PAGE, 3]
    assert [*chain(*pages)] == list(reversed(range(count)))


async def test_filters_and_words(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    count = 2 * PAGE + 3
    await settle(small_hub, count)
    denied = await all_pages(olga, "/history?state=denied")
    assert [*chain(*denied)] == [number for number in reversed(range(count)) if number % 3 == 0]
    assert [len(page) for page in denied] == [18]
    red = await all_pages(olga, "/history?level=red&state=granted")
    assert [*chain(*red)] == [number for number in reversed(range(count)) if number % 3 and number % 2 == 0]
    assert await all_pages(olga, "/history?q=file-7.+rm") == [[7]]
    assert await all_pages(olga, "/history?q=%25") == [[]]
    assert await all_pages(olga, "/history?tenant=other&before=nan&level=%3Cb%3E") == [[]]


async def test_nobody_elses_questions_are_there(small_hub: RunningHub) -> None:
    await visitor(small_hub)
    await settle(small_hub, 3)
    otto = await visitor(small_hub, "Otto", ("owner", "other"))
    assert await all_pages(otto, "/history") == [[]]
    assert await all_pages(otto, "/history?tenant=acme&q=rm") == [[]]
