"""Two demo tenants side by side: neither sees the other, and what leaves either reaches its own fakes alone."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from tests.simulators.browser import PHONE, add_passkey, findings, fits
from tests.simulators.demo_pool import Inside, RunningPool, Traces, Visitor, processes_in, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERSON = {"Accept": "text/html"}
ABSTRACT = "\0safety-test-host"

REACH = """
import json, socket, sys
def tried(family, kind, address):
    try:
        with socket.socket(family, kind) as made:
            made.settimeout(3)
            if kind == socket.SOCK_DGRAM:
                made.sendto(b"hello", address)
            else:
                made.connect(address)
        return "reached"
    except OSError as error:
        return type(error).__name__
def named(name):
    try:
        return str(socket.getaddrinfo(name, 80))
    except OSError:
        return "nothing"
def raw():
    try:
        return str(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    except OSError as error:
        return type(error).__name__
from demo_pool import families, kernel
kernel.no_new_privileges()
families.hold()  # as every process of a tenant is held: the test below looks at its first
told = json.loads(sys.argv[1])
told["abstract"] = "\\0" + told["abstract"]
print(json.dumps({
    **{f"tcp {host} {port}": tried(socket.AF_INET, socket.SOCK_STREAM, (host, port)) for host, port in told["tcp"]},
    **{f"udp {host}": tried(socket.AF_INET, socket.SOCK_DGRAM, (host, 53)) for host in told["out"]},
    **{f"udp6 {host}": tried(socket.AF_INET6, socket.SOCK_DGRAM, (host, 53)) for host in told["out6"]},
    **{f"tcp6 {host}": tried(socket.AF_INET6, socket.SOCK_STREAM, (host, told["port6"])) for host in told["out6"]},
    "host's ::1": tried(socket.AF_INET6, socket.SOCK_STREAM, ("::1", told["port6"])),
    "dns": named("example.com"),
    "abstract": tried(socket.AF_UNIX, socket.SOCK_STREAM, told["abstract"]),
    "unix": tried(socket.AF_UNIX, socket.SOCK_STREAM, told["unix"]),
    "raw": raw(),
    **{f"family {number}": tried(number, socket.SOCK_STREAM, (2, 1)) for number in (17, 31, 40)},
}))
"""

LOOK = """
import json, os, pathlib, socket
folders = ["/", "/tenant", "/tmp", "/run", "/dev", "/dev/shm", "/home", "/root", "/etc"]
print(json.dumps({
    "processes": [int(name) for name in os.listdir("/proc") if name.isdigit()],
    "lines": [pathlib.Path(f"/proc/{name}/cmdline").read_bytes().decode() for name in os.listdir("/proc")
              if name.isdigit() and os.access(f"/proc/{name}/cmdline", os.R_OK)],
    "devices": [name for _, name in socket.if_nameindex()],
    "files": {folder: sorted(os.listdir(folder)) for folder in folders if os.access(folder, os.R_OK)},
    "mounts": pathlib.Path("/proc/self/mountinfo").read_text(),
    "capabilities": [line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")],
    "first": [line.split()[1] for line in open("/proc/1/status") if line.startswith(("Cap", "NoNewPrivs", "Seccomp:"))],
    "writable": [path for path in ("/usr", "/snapshot", "/etc", "/", "/proc/sys/kernel/core_pattern")
                 if os.access(path, os.W_OK)],
}))
"""

HUB = """
import json, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None
try:
    urllib.request.build_opener(Stay).open("http://127.0.0.1:8200/")
except urllib.error.HTTPError as led:
    print(json.dumps(led.headers["location"]))
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Listeners of the machine itself, which a tenant must not reach."""
    folder = tmp_path_factory.mktemp("outside")
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("0.0.0.0", 0)))
        tcp6 = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(folder / "s"))
        unix.listen()
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(ABSTRACT)
        abstract.listen()
        own = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
        yield {
            "port": tcp.getsockname()[1],
            "port6": tcp6.getsockname()[1],
            "unix": str(folder / "s"),
            "addresses": [address for address in own if ":" not in address],
        }


def own_namespace(kind: str) -> str:
    return str(Path(f"/proc/self/ns/{kind}").readlink())


def inside(pool: RunningPool, visitor: Visitor) -> Inside:
    return Inside.of(pool.records[visitor.name])


async def test_nothing_outside_is_reached(
    pool: RunningPool, pair: tuple[Visitor, Visitor], outside: dict[str, object]
) -> None:
    addresses = ["127.0.0.1", *outside["addresses"]]  # type: ignore[misc]
    told = {
        "tcp": [[host, port] for host in addresses for port in (outside["port"], pool.port)]
        + [["192.0.2.1", 443], ["169.254.169.254", 80], ["10.0.0.1", 80]],
        "out": ["192.0.2.1", "8.8.8.8", "224.0.0.251", "255.255.255.255"],
        "out6": ["2001:db8::1", "fe80::1", "ff02::fb"],
        "port6": outside["port6"],
        "unix": outside["unix"],
        "abstract": ABSTRACT[1:],
    }
    found = inside(pool, pair[0]).python(REACH, json.dumps(told))
    assert [name for name, answer in found.items() if answer == "reached"] == []
    assert found["dns"] == "nothing"
    assert found["raw"] == "PermissionError"
    assert len(found) > 15


async def test_a_tenant_sees_itself_alone(pool: RunningPool, pair: tuple[Visitor, Visitor]) -> None:
    anna, bert = (inside(pool, visitor) for visitor in pair)
    for kind in ("pid", "net", "mnt", "ipc", "uts", "cgroup"):
        spaces = {anna.namespace(kind), bert.namespace(kind), own_namespace(kind)}
        assert len(spaces) == 3, kind
    assert anna.uid != bert.uid
    seen = anna.python(LOOK)
    assert len(seen["processes"]) <= len(processes_in("pid", anna.namespace("pid"))) + 1
    names = (pair[1].name, str(pool.data), "demo-pool")
    assert not [line for line in seen["lines"] if any(name in line for name in names)]
    assert seen["devices"] == ["lo"]
    assert pair[1].name not in str(seen["files"])
    assert str(pool.data.parent) not in seen["mounts"].replace(str(pool.data / "snapshot"), "").replace(
        str(pool.data / "root"), ""
    )
    assert seen["writable"] == []
    assert {*seen["capabilities"][1:3], *seen["first"][1:3]} == {"0" * 16}  # permitted, effective
    assert seen["first"][-2:] == ["1", "2"]  # no_new_privs, a filter of system calls


async def test_the_same_port_is_each_tenants_own(pool: RunningPool, pair: tuple[Visitor, Visitor]) -> None:
    for visitor in pair:
        assert inside(pool, visitor).python(HUB).startswith(f"http://{visitor.name}.localhost")


async def test_what_one_does_the_other_does_not_hear_of(pair: tuple[Visitor, Visitor]) -> None:
    anna, bert = pair
    anna.do(words="only Anna says marmalade")
    anna.sees("marmalade", "I have read it")
    assert "marmalade" not in bert.story()
    assert anna.name != bert.name


async def test_links_and_cookies_open_one_tenant_alone(pair: tuple[Visitor, Visitor]) -> None:
    anna, bert = pair
    invite = "/invite/" + anna.get("/watch").text.partition("/invite/")[2].partition('"')[0]
    assert anna.client.get(invite, headers={"Host": anna.host}).status_code == 200
    assert anna.client.get(invite, headers={"Host": bert.host}).status_code == 404
    stranger = anna.pool.visitor()
    assert stranger.get("/watch").status_code == 410
    assert stranger.client.get("/", headers=PERSON | {"Host": anna.host}).headers["location"] == "/sign-in"
    assert stranger.client.get("/", headers={"Host": f"{'a' * 26}.localhost:{anna.pool.port}"}).status_code == 410
    assert stranger.client.get("/v1/health", headers={"Host": anna.host}).status_code == 404


async def test_a_form_of_another_site_does_nothing(pair: tuple[Visitor, Visitor]) -> None:
    anna, bert = pair
    headers = {"Host": f"localhost:{anna.pool.port}", "Origin": f"http://{bert.host}"}
    answer = anna.client.post("/watch/do", data={"words": "hello"}, headers=headers)
    assert answer.status_code == 400
    headers |= {"Origin": anna.pool.origin, "Sec-Fetch-Site": "same-site"}
    assert anna.client.post("/watch/end", data={}, headers=headers).status_code == 400
    assert anna.get("/watch").status_code == 200


async def test_more_than_there_is_is_refused(pair: tuple[Visitor, Visitor]) -> None:
    answer = pair[0].pool.visitor().post("/start")
    assert answer.status_code == 429
    assert "try again in an hour" in answer.text


async def change(card: Page, address: str, before: str, after: str) -> None:
    """Change an argument on a question's own page, once the question has reached the hub."""
    while (await card.goto(address)) and not await card.locator("textarea").count():
        await card.wait_for_timeout(200)
    field = card.locator("textarea").first
    await field.fill((await field.input_value()).replace(before, after))
    await card.locator("#confirm").click()
    while not await card.goto(address.partition("/questions")[0] + "/") or not await card.get_by_text("edited").count():
        await card.wait_for_timeout(200)


@dataclass
class Seen:
    """Anna at her desk, with her phone. `loud`: what pages said that no page should say."""

    anna: Visitor
    page: Page
    card: Page
    loud: list[str]

    @property
    def console(self) -> str:
        return f"http://{self.anna.host}/"

    async def approve(self) -> None:
        """Approve the one question that waits, on the phone."""
        await self.card.goto(self.console)
        await self.card.get_by_text("Approve", exact=True).click()
        await self.card.locator("form button.good").click()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen(pair: tuple[Visitor, Visitor]) -> AsyncIterator[Seen]:
    anna = pair[0]
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "no Chromium here: sh tools/chromium.sh"
    loud: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        desk = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        phone = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
        for profile in (desk, phone):
            profile.set_default_timeout(30_000)
            profile.on("console", lambda said: loud.append(said.text) if said.type == "error" else None)
            cookie = {"name": "demo", "value": anna.client.cookies["demo"], "url": anna.pool.origin}
            await profile.add_cookies([cookie])  # type: ignore[list-item]
        yield Seen(anna, await desk.new_page(), await phone.new_page(), loud)
        await browser.close()


async def test_a_visitor_watches_approves_on_a_phone_and_sees_what_was_redacted(seen: Seen) -> None:
    page, card = seen.page, seen.card
    await page.goto(f"{seen.anna.pool.origin}/watch")
    link = await page.get_by_text("Open it on this device").get_attribute("href")
    assert link is not None
    await add_passkey(card)
    await card.goto(link)
    await card.locator("form[data-passkey=create] button").click()
    await card.wait_for_url(seen.console)

    await page.get_by_text("Look at the shop's settings").click()
    shown = page.get_by_label("What the model received").filter(has_text="SECRET_REF(shop_key)")
    await shown.wait_for()
    await page.get_by_text("Answer Anna's complaint").click()
    await page.get_by_text("It waits for you").wait_for()
    assert "anna@customer.example" not in await page.locator("#out").inner_text()

    await seen.approve()
    await page.locator("#out").get_by_text("anna@customer.example").wait_for()
    await page.get_by_text("Anna has her answer.").wait_for()
    leaks = page.get_by_text("with the shop's key in it").locator("xpath=following-sibling::dd")
    assert await leaks.inner_text() == "0"
    assert seen.loud == []


async def test_a_call_that_the_visitor_changes_runs_as_changed(seen: Seen) -> None:
    page = seen.page
    await page.get_by_text("Refund order 1042").first.click()
    await page.get_by_text("It waits for you").wait_for()
    question = await page.get_by_text("Open the question").get_attribute("href")
    await change(seen.card, f"{question}/edit", "49.00", "10.00")
    await seen.approve()
    await page.get_by_text("You changed it").wait_for()
    await page.locator("#out").get_by_text("10.00 EUR").wait_for()


async def test_every_page_fits_and_can_be_used_by_everybody(seen: Seen) -> None:
    origin = seen.anna.pool.origin
    nobody = await seen.page.context.browser.new_page(viewport=PHONE)  # type: ignore[union-attr, arg-type]
    nobodys = (f"{origin}/", f"http://{'a' * 26}.localhost:{seen.anna.pool.port}/")
    small = await seen.card.context.new_page()
    for looked, address in (
        (seen.page, f"{origin}/watch"),
        (small, f"{origin}/watch"),
        *((nobody, at) for at in nobodys),
    ):
        await looked.goto(address)
        assert await findings(looked) == [], address
        assert await fits(looked), address
        assert await looked.evaluate("getComputedStyle(document.querySelector('.top')).display") == "flex", address


async def test_what_no_person_may_approve_does_not_run(pair: tuple[Visitor, Visitor]) -> None:
    bert = pair[1]
    bert.do(task="clean-up")
    assert "critical red" in bert.sees("did not run", "I was not let")
    bert.do(task="customers")
    bert.sees("Three customers are on the list")


async def test_pages_without_scripts_say_the_same(pair: tuple[Visitor, Visitor]) -> None:
    bert = pair[1]
    bert.do(words="the key is AKIA" + "QWERTZUIOP234567")
    until(lambda: "found_aws-access-key" in bert.get("/watch").text)
    assert "QWERTZUIOP" not in bert.story().partition("What its model received")[2]


async def test_who_ends_it_leaves_nothing_and_nobody_notices(pool: RunningPool, pair: tuple[Visitor, Visitor]) -> None:
    """The last one: Bert's tenant is gone after it."""
    anna, bert = pair
    traces = Traces(pool, bert)
    assert bert.post("/watch/end").status_code == 200
    until(lambda: traces.name not in pool.records)
    assert traces.left(pool.data) == []
    assert bert.get("/watch").status_code == 410
    anna.do(task="stock")
    anna.sees("12 loaves of spelt bread")
