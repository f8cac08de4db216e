"""What commands and services may do, as a value."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from safety_core.edge.adapters.needs import confinement_for
from safety_core.edge.adapters.request import Request
from safety_core.edge.confine import layers as module
from safety_core.edge.confine.confinement import Confinement, of_commands
from safety_core.edge.confine.layers import Layers, commands_json, layers
from safety_core.edge.home import Home
from safety_core.errors import UnavailableError
from safety_core.model.connection import Connection

DOCKER = os.path.realpath("/run/docker.sock")


def commands(tmp_path: Path, *, sockets: tuple[str, ...] = (), environ: dict[str, str] | None = None) -> Confinement:
    (tmp_path / "home").mkdir(exist_ok=True)
    return of_commands(
        Home(tmp_path / "home"), "/srv/agent", writable=["/srv/builds"], sockets=sockets, environ=environ or {}
    )


def test_commands_write_where_they_work_and_see_nothing_of_the_edge(tmp_path: Path) -> None:
    credentials = {"CREDENTIALS_DIRECTORY": "/run/credentials/safety.service"}
    confinement = commands(tmp_path, environ=credentials)
    assert confinement.readable == ("/",)
    assert set(confinement.writable) == {os.path.realpath(p) for p in ("/srv/agent", "/tmp", "/var/tmp", "/srv/builds")}
    assert {str(tmp_path / "home"), "/run/credentials/safety.service", DOCKER} <= set(confinement.hidden)


def test_a_link_to_the_home_hides_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert str(tmp_path / "real") in of_commands(Home(tmp_path / "link"), environ={}).hidden


def test_a_service_of_the_machine_is_there_only_where_the_operator_says_so(tmp_path: Path) -> None:
    assert DOCKER not in commands(tmp_path, sockets=("/var/run/docker.sock", "/run/docker.sock")).hidden


def test_whoever_runs_programs_for_others_is_not_there(tmp_path: Path) -> None:
    own = {f"/tmp/{name}{os.geteuid()}" for name in ("tmux-", "emacs")}
    others = {"/run/dbus", "/run/incus", "/run/udev/control", "/run/buildkit", "/run/initctl"}
    assert {os.path.realpath(path) for path in own | others} <= set(commands(tmp_path).hidden)


def asked(adapter: str, target: str, **options: str) -> Request:
    connection = Connection("it", adapter, target, options={**options})
    return Request(connection, "query", {}, {}, "k", False, 1000, 9.0, "/srv/agent")


@pytest.mark.parametrize(
    ("request_", "reads", "writes"),
    [
        (asked("sql", "postgresql://db.example/shop", ca="/etc/shop/ca.pem"), {"/etc/shop/ca.pem"}, set()),
        (asked("sql", "sqlite:///srv/data/shop.db"), {"/srv/agent"}, {"/srv/data"}),
        (asked("mail", "imaps://mail.example"), {"/srv/agent", "/etc"}, set()),
        (asked("mcp", "https://mcp.example/"), {"/etc"}, set()),
    ],
)
def test_what_serves_a_connection_gets_its_own_files(
    tmp_path: Path, request_: Request, reads: set[str], writes: set[str]
) -> None:
    confinement = confinement_for(request_, commands(tmp_path))
    assert confinement is not None
    assert reads | {os.path.realpath(sys.prefix)} <= set(confinement.readable)
    assert set(confinement.writable) == writes
    assert "/" not in confinement.readable
    assert str(tmp_path / "home") in confinement.hidden
    assert DOCKER not in confinement.hidden, "an operator may connect it"


def test_a_program_that_the_operator_chose_gets_the_paths_that_they_named(tmp_path: Path) -> None:
    request = asked("mcp", "/srv/crm/server --stdio /srv/crm/data", directory="/srv/crm", writable="/srv/crm/data")
    confinement = confinement_for(request, commands(tmp_path))
    assert confinement is not None
    assert {"/srv/crm/server", "/srv/crm"} <= set(confinement.readable)
    assert "/" not in confinement.readable
    assert "/srv/crm/data" in confinement.writable
    assert str(tmp_path / "home") in confinement.hidden


def test_where_commands_are_not_confined_services_are_not() -> None:
    assert confinement_for(asked("mail", "imaps://mail.example"), None) is None
    assert confinement_for(asked("mcp", "server"), None) is None


def test_what_a_machine_lacks_is_said() -> None:
    assert Layers(7, "root", sealed=True, memory=True, pids=True).lacking() == ()
    assert any("Landlock 6" in words for words in Layers(4, "root", sealed=True, memory=True, pids=True).lacking())
    assert any("Landlock 6" in words for words in Layers(0, "root", sealed=True, memory=True, pids=True).lacking())
    (only,) = Layers(7, "root", memory=True, pids=True).lacking()
    assert "change modes, owners" in only
    nothing = " ".join(Layers().lacking())
    for words in ("outlives its call", "write wherever", "hides the edge's files", "memory", "processes"):
        assert words in nothing
    assert "control group for processes" not in " ".join(Layers(7, "user").lacking()), "a limit of its user does that"
    assert str(Layers(5, "user")) == "no new privileges, limits, Landlock 5, namespaces"
    assert str(Layers(5, "user", sealed=True)).endswith("namespaces, read-only file systems")


def test_people_are_told_what_holds_here() -> None:
    here = layers()
    assert commands_json(confine=True) == {"confine": "enforce", "held": str(here), "lacking": [*here.lacking()]}
    assert commands_json(confine=False) == {"confine": "off", "held": "", "lacking": []}


@pytest.mark.parametrize("launcher", [("/bin/false",), ("/bin/sleep", "60", "--"), ("/nowhere",)])
def test_what_could_not_be_tried_is_not_taken_for_nothing(
    monkeypatch: pytest.MonkeyPatch, launcher: tuple[str, ...]
) -> None:
    monkeypatch.setattr(module, "LAUNCHER", launcher)
    monkeypatch.setattr(module, "TRIAL_SECONDS", 0.2)
    layers.cache_clear()
    with pytest.raises(UnavailableError, match="what confines commands here: could not be tried"):
        layers()
    monkeypatch.undo()
    assert layers().rooms
