"""The four blueprints against real services: they finish, and killed at every boundary they come to the same end."""

from __future__ import annotations

import json
import shlex
import sqlite3
import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from safety_core.cli.main import cli
from tests.docs.hand import Hand
from tests.simulators.blueprint_child import Deaths, started
from tests.simulators.databases import Database, postgresql
from tests.simulators.dav_house import DavHouse, dav_house
from tests.simulators.mail_house import MailHouse, mail_house
from tests.simulators.shop import Shop, shop
from tests.simulators.site import Edge, Site, site

CLIENT = "ann@client.example"

ENQUIRY = (
    f"From: {CLIENT}\r\nTo: anna@shop.test\r\nSubject: A logo?\r\nMessage-ID: <enquiry@client.example>\r\n"
    "Date: Mon, 01 Feb 2027 09:00:00 +0000\r\n\r\nCan you?\r\n"
).encode()

TABLES = (
    "CREATE TABLE projects (id bigserial PRIMARY KEY, client text, title text, budget numeric, run text UNIQUE)",
    "CREATE TABLE orders (id integer PRIMARY KEY, email text, product text, total numeric, status text,"
    " placed date, reminded date)",
    "CREATE TABLE hours (id bigserial PRIMARY KEY, project text, consultant text, hours numeric, rate numeric,"
    " invoice text)",
    "CREATE TABLE invoices (run text PRIMARY KEY, project text, hours numeric, amount numeric)",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO agent",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO agent",
)

ROWS = (
    "DELETE FROM projects",
    "DELETE FROM invoices",
    "DELETE FROM hours",
    "DELETE FROM orders",
    "INSERT INTO hours (project, consultant, hours, rate) VALUES ('P-1', 'Bo', 3, 120),"
    " ('P-1', 'Cy', 1.5, 100), ('P-2', 'Bo', 9, 1)",
    "INSERT INTO orders VALUES (1, 'bob@customer.example', 'cup', 18.00, 'unpaid', current_date - 30, NULL),"
    " (2, 'cara@customer.example', 'jug', 32.00, 'unpaid', current_date - 20, NULL),"
    " (3, 'dan@customer.example', 'jug', 32.00, 'paid', current_date - 20, NULL)",
)

INPUTS: dict[str, dict[str, str]] = {
    "freelancer": {
        "client": CLIENT, "service": "A new logo", "price": "1200.00 EUR", "day": "2027-03-01",
        "slot": "2027-03-01T10:00", "sender": "Anna",
    },
    "agency": {
        "client": "Client & Sons", "email": CLIENT, "project": "Spring campaign", "budget": "15000",
        "kickoff": "2027-03-02T09:00", "sender": "Anna",
    },
    "e-commerce": {"product": "p1", "pieces": "12", "supplier": "orders@supplier.example", "check_on": "2027-03-08"},
    "consulting": {"project": "P-1", "client": CLIENT, "review": "2027-03-03T14:00", "sender": "Anna"},
}  # fmt: skip


@dataclass
class Office:
    """A site with all services. `edges`: how often the edge was started."""

    here: Site
    mail: MailHouse
    dav: DavHouse
    books: Database
    shop: Shop
    folder: Path
    edge: Edge | None = None
    stack: ExitStack = field(default_factory=ExitStack)
    edges: int = 0

    @property
    def settings(self) -> str:
        mail = {
            "smtp": f"smtps://localhost:{self.mail.smtps}",
            "from": "anna@shop.test",
            "ca": str(self.mail.trusted.chain),
        }
        dav = {"calendar": "Home", "book": "People", "from": "anna@shop.test", "ca": str(self.dav.trusted.chain)}
        books = {"ca": str(self.books.trusted.chain), "acts_table": "safety_acts"} if self.books.trusted else {}
        return json.dumps({
            "mail": connected("mail", f"imaps://localhost:{self.mail.imaps}", "anna", mail),
            "calendar": connected("calendar", f"https://localhost:{self.dav.port}/anna/", "anna", dav),
            "books": connected("sql", self.books.target(), "agent", books),
            "shop": {"adapter": "rest", "target": self.shop.url, "private": True, "secrets": {"token": "SHOP"}},
        })  # fmt: skip

    def safety(self, *words: str, typed: str = "") -> str:
        environ = {"SAFETY_HOME": str(self.here.home.path), "SAFETY_EDGE_CONNECTIONS": self.settings}
        done = CliRunner().invoke(cli, words, input=typed, env=environ, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def running(self) -> Edge:
        """Return the edge, started anew if it has been killed."""
        if self.edge is None or self.edge.popen.poll() is not None:
            self.stack.close()
            self.edge = self.stack.enter_context(self.here.edge(CONNECTIONS=self.settings))
            self.edges += 1
            while self.edge.status()["policy"]["state"] != "in force":
                time.sleep(0.02)
        return self.edge

    def answer(self, approval: str, *, allow: bool = True) -> None:
        """Answer a question at the hub, and wait until the edge has heard it."""
        self.here.answer(approval, allow=allow)
        with closing(sqlite3.connect(self.here.home.edge_db)) as db:
            while db.execute("SELECT state FROM approval WHERE id = ?", (approval,)).fetchone() == ("pending",):
                time.sleep(0.02)

    def fresh(self) -> None:
        """Put everything back to how the day begins."""
        self.mail.empty()
        self.mail.deliver(ENQUIRY)
        self.dav.empty()
        for statement in ROWS:
            self.books.ask(statement)
        self.shop.orders.clear()
        for file in self.here.workspace.glob("*-*"):
            file.unlink()

    def state(self, run: str) -> dict[str, Any]:
        """Return everything that may have come about, without what is drawn by chance."""
        return {
            "sent": sorted((*envelope.rcpt_tos, subject(envelope.content)) for envelope in self.mail.taken),
            "drafts": [subject(raw) for raw in self.mail.messages("Drafts")],
            "copies": sorted(subject(raw) for raw in self.mail.messages("Sent")),
            "calendar": len(self.dav.names("/anna/home/")),
            "contacts": len(self.dav.names("/anna/people/")),
            "projects": self.books.ask("SELECT client, title, budget::text FROM projects"),
            "invoices": self.books.ask("SELECT project, hours::text, amount::text FROM invoices"),
            "hours": self.books.ask("SELECT consultant, invoice IS NOT NULL FROM hours ORDER BY id"),
            "orders": self.books.ask("SELECT id, reminded IS NOT NULL FROM orders ORDER BY id"),
            "shop": [(order["customer"], order["items"]) for order in self.shop.orders.values()],
            "files": sorted(
                (file.name.replace(run, "RUN"), file.read_text()) for file in self.here.workspace.glob("*-*")
            ),
        }


def connected(adapter: str, target: str, user: str, options: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {"adapter": adapter, "target": target, "user": user, "private": True, "options": options}
    return {**shown, "secrets": {"password": adapter.upper()}}


def subject(raw: Any) -> str:
    return str(message_from_bytes(bytes(raw))["Subject"])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Generator[Office, None, None]:
    with site() as here, here.hub(), mail_house() as mail, dav_house() as dav, postgresql() as books, shop() as till:
        here.introduce()
        here.publish()
        office = Office(here, mail, dav, books, till, tmp_path_factory.mktemp("runs"))
        for statement in TABLES:
            books.ask(statement)
        for name, value in (
            ("MAIL", mail.password),
            ("CALENDAR", dav.password),
            ("SQL", books.password),
            ("SHOP", till.token),
        ):
            office.safety("secret", "set", name, typed=value)
        office.safety("connection", "pin", "shop", "--description", f"{till.url}/openapi.json", "--yes")
        with office.stack:
            yield office


@dataclass
class Ended:
    """What a run came to: its last line, how often it was started, which approvals it took."""

    last: dict[str, Any] = field(default_factory=dict)
    starts: int = 0
    asked: list[str] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def run(self) -> str:
        return str(self.last["run"])


def followed(office: Office, name: str, died: Path | None = None, **more: str) -> Ended:
    """Run a blueprint to its end: answer what is asked, go on where it pauses or was killed.

    Args:
        died: at each boundary the command is killed; before each call, the edge as well.
    """
    inputs = [f"--input={key}={value}" for key, value in {**INPUTS[name], **more}.items()]
    first, run = ["blueprint", "run", name, *inputs, "--json"], ""
    ended = Ended()
    while True:
        edge = office.running()
        dies = Deaths(died, edge.popen.pid) if died else None
        words = ["blueprint", "resume", run, "--json"] if run else first
        environ = {"SAFETY_HOME": str(office.here.home.path)}
        status, told = started(words, environ, office.folder, dies)
        ended = Ended(told[-1] if told else {}, ended.starts + 1, ended.asked, [*ended.lines, *told])
        assert ended.starts < 100, ended.lines[-5:]
        run = run or next((line["run"] for line in told if "run" in line), "")
        if status < 0:
            if dies and dies.list()[-1].endswith(" before"):
                edge.popen.wait(30)
            continue
        if ended.last["approval"]:
            ended.asked.append(ended.last["approval"]["id"])
            office.answer(ended.asked[-1])
        elif ended.last["state"] != "paused":
            return ended


@pytest.mark.parametrize("name", INPUTS)
def test_a_blueprint_finishes_and_killed_at_every_boundary_comes_to_the_same_end(office: Office, name: str) -> None:
    office.fresh()
    whole = followed(office, name)
    assert whole.last["state"] == "done", whole.lines
    state = office.state(whole.run)
    office.fresh()
    died = office.folder / f"{name}.died"
    killed = followed(office, name, died)
    assert killed.last["state"] == "done", killed.lines
    assert killed.last["acts"] == whole.last["acts"]
    assert office.state(killed.run) == state
    deaths = died.read_text().splitlines()
    assert {f"{act} {when}" for act in whole.last["acts"] for when in ("before", "after")} <= {*deaths}
    assert len(deaths) == len({*deaths})


def test_a_run_that_fails_takes_back_what_it_did(office: Office) -> None:
    office.fresh()
    before = office.state("")
    office.mail.refused.add(CLIENT)
    failed = followed(office, "agency")
    assert failed.last["state"] == "undone", failed.lines
    assert failed.last["acts"] == {
        "known": "done", "contact": "done", "project": "done", "brief": "done", "kickoff": "done", "welcome": "failed",
        "kickoff~back": "done", "project~back": "done", "contact~back": "done",
    }  # fmt: skip
    assert {**office.state(failed.run), "files": []} == before
    assert "welcome: " in failed.last["why"]
    assert len(failed.asked) == 4, "the plan, and each call that takes something back"


def test_a_no_to_the_plan_leaves_everything_as_it_was(office: Office) -> None:
    office.fresh()
    before = office.state("")
    inputs = [f"--input={key}={value}" for key, value in INPUTS["freelancer"].items()]
    environ = {"SAFETY_HOME": str(office.here.home.path)}
    office.running()
    _, told = started(["blueprint", "run", "freelancer", *inputs, "--json"], environ, office.folder)
    office.answer(told[-1]["approval"]["id"], allow=False)
    status, told = started(["blueprint", "resume", told[-1]["run"], "--json"], environ, office.folder)
    assert (status, told[-1]["state"], told[-1]["acts"]) == (1, "refused", {})
    assert office.state("") == before


def test_the_profile_of_each_says_what_will_be_asked(office: Office) -> None:
    office.running()
    environ = {"SAFETY_HOME": str(office.here.home.path)}
    answers: dict[str, dict[str, str]] = {}
    for name, values in INPUTS.items():
        inputs = [f"--input={key}={value}" for key, value in values.items()]
        status, (told,) = started(["blueprint", "plan", name, *inputs, "--json"], environ, office.folder)
        assert (status, told["state"]) == (0, "free")
        answers[name] = {step["id"]: step["answer"] for step in told["steps"]}
    assert answers["freelancer"]["quote"] == answers["agency"]["welcome"] == "this answer"
    assert answers["e-commerce"]["restock"] == "asks by itself"
    assert answers["consulting"]["send"] == "known later"


def test_the_commands_of_the_page_run_in_their_order(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/blueprints.md, before an edge that has what the four need."""
    office.fresh()
    office.running()
    monkeypatch.setenv("SAFETY_HOME", str(office.here.home.path))
    inputs = " ".join(f"--input {key}={shlex.quote(value)}" for key, value in INPUTS["freelancer"].items())
    hand = Hand("blueprints.md", {"--input client=ann@example.com": inputs, "--wait 600": "--json"})
    assert "freelancer" in hand.types("safety blueprint list")
    assert "one yes to the plan" in hand.types("safety blueprint plan")
    told = json.loads(hand.types("safety blueprint run", status=1).splitlines()[-1])
    assert told["approval"]
    assert told["run"][:12] in hand.types("safety blueprint status")
    hand.here["8a1b1545"] = told["run"]
    hand.types("safety blueprint resume", status=1)
    hand.types("safety blueprint cancel")
    hand.ended()
