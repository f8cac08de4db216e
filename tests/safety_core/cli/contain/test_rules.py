"""The rules are taken by nft and the kernel in every variant, and say of each user what was asked for."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from safety_core.cli.contain import nft
from safety_core.cli.contain.boot import Boot
from safety_core.cli.contain.people import Person, person
from safety_core.cli.contain.places import place
from safety_core.cli.contain.rules import REFUSALS, Containment, Need, ruleset
from safety_core.cli.main import run
from safety_core.errors import InputError, UnavailableError
from tests.simulators.tenant_network import as_root

EDGE, AGENT, BOXED = Person("edge", 40_002), Person("agent", 40_001), Person("boxed", 40_003, ((100_000, 65_536),))
NEEDS = tuple((need, (Person("root", 0),) if need is not Need.DHCP else ()) for need in Need)
PLACES = (place("10.0.0.0/24:5432"), place("[fd00::5]:443"), place("[fd00:1::/48]:8443"))
VARIANTS = [
    Containment((EDGE,), agents, everyone, needs if everyone else (), allow, loopback, resolvers, bridges)
    for agents, everyone, needs, allow, loopback, resolvers, bridges in itertools.product(
        ((AGENT,), (AGENT, BOXED)),
        (False, True),
        ((), NEEDS),
        ((), PLACES),
        ((), (8100, 8101)),
        ((), (5335,)),
        ((), ("docker0", "br-*")),
    )
    if everyone or not needs
]


@pytest.mark.parametrize("everyone", [False, True])
def test_every_variant_is_taken_by_nft(everyone: bool) -> None:
    texts = {ruleset(wish) for wish in VARIANTS if wish.everyone is everyone}
    assert len(texts) > 30
    for text in texts:
        done = as_root(["unshare", "--net", "nft", "-c", "-f", "-"], input=text)
        assert done.returncode == 0, f"{done.stderr}\n{text}"


def test_every_kind_of_refusal_is_noted_counted_and_told_to_the_program() -> None:
    text = ruleset(VARIANTS[0])
    for refusal in REFUSALS:
        assert text.count(f'counter name "refused_{refusal.name}" reject with icmpx type admin-prohibited') == 1
        assert text.count(f'limit rate 10/minute burst 20 packets log prefix "safety contain {refusal.name}: "') == 1
    assert "drop" not in text


def test_what_a_system_needs_is_what_was_asked_for() -> None:
    def needed(*needs: Need) -> str:
        chosen = tuple((need, people) for need, people in NEEDS if need in needs)
        text = ruleset(Containment((EDGE,), (), everyone=True, needs=chosen))
        return text.partition("chain needed {")[2].partition("}\n\n")[0]

    assert "dport" not in needed()
    assert "nd-neighbor-solicit" in needed()
    assert "udp dport 67 accept" in needed(Need.DHCP)
    assert "meta skuid { 0 } udp dport 123 accept" in needed(Need.NTP)
    assert "th dport { 53, 853 } accept" in needed(Need.DNS)
    assert "tcp dport { 80, 443 } accept" in needed(Need.APT)
    nobody = ruleset(Containment((EDGE,), (), everyone=True, needs=tuple((need, ()) for need in Need)))
    assert "meta skuid {" not in nobody


def test_a_user_is_held_with_the_numbers_that_they_may_become(tmp_path: Path) -> None:
    subuid = tmp_path / "subuid"
    subuid.write_text("root:100000:65536\n4711:200000:10\nbroken\nroot:x:y\nroot:5:0\n")
    assert [*person("root", subuid).ranges()] == ["0", "100000-165535"]
    assert [*person("4711", subuid).ranges()] == ["4711", "200000-200009"]
    assert person("0", tmp_path / "none") == Person("root", 0)
    with pytest.raises(InputError, match="user nobody of ours: is not there"):
        person("nobody of ours", subuid)
    with pytest.raises(InputError, match="is not there"):
        person("99999999999", subuid)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.0.0.1", "is not an address range and a port"),
        ("shop.example:443", "is not an address range and a port"),
        ("fd00::5:443", "is not an address range and a port"),
        ("10.0.0.1/24:443", "names no address range"),
        ("10.0.0.1:0", "names no port"),
        ("10.0.0.1:70000", "names no port"),
        ("10.0.0.1:53", "is a name server"),
        ("[fd00::5]:853", "is a name server"),
        ("0.0.0.0/0:443", "is the whole Internet"),
        ("[::/0]:443", "is the whole Internet"),
    ],
)
def test_a_place_that_is_none_or_too_much_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        place(text)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--edge-user", "root"], "--agent-user: is not given"),
        (["--edge-user", "4711", "--agent-user", "root"], "holds nobody: root lifts the rules"),
        (["--edge-user", "4711", "--agent-user", "4711"], "is the edge's user, too"),
        (["--edge-user", "4711", "--agent-user", "4712", "--loopback", "http"], "--loopback http: is no port"),
        (["--edge-user", "4711", "--agent-user", "4712", "--dns", "0"], "--dns 0: is no port"),
        (["--edge-user", "4711", "--agent-user", "4712", "--bridge", 'x"; accept'], "is no interface's name"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contain", "print", *options]) == 2
    assert why in capsys.readouterr().err


def test_rules_are_printed_for_anybody(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contain", "print", "--edge-user", "40002", "--agent-user", "40001"]) == 0
    assert capsys.readouterr().out == ruleset(Containment((Person("40002", 40_002),), (Person("40001", 40_001),)))
    assert run(["contain", "print", "--edge-user", "40002", "--everyone", "--bridge", "none"]) == 0
    shown = capsys.readouterr().out
    assert "iifname" not in shown
    assert "meta skuid @edge accept" in shown


def test_without_nft_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UnavailableError, match="Fix: apt-get install nftables"):
        nft.check("")


def test_the_files_are_for_root_alone_to_change_and_go_again(tmp_path: Path) -> None:
    boot = Boot(tmp_path)
    assert boot.text() is None
    boot.write("rules")
    assert boot.text() == "rules"
    assert not boot.enable()
    unit = boot.unit.read_text()
    assert f"nft -f {boot.rules}\n" in unit
    assert "Before=network-pre.target" in unit
    assert "ExecStop" not in unit  # what stops the unit lifts no rule
    assert [path.stat().st_mode & 0o777 for path in (boot.rules, boot.unit)] == [0o644, 0o644]
    boot.remove()
    boot.remove()
    assert not boot.rules.exists()
    assert not boot.unit.exists()


def test_systemd_is_told_at_installation_and_at_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "$*" >>{log}\ntest "$1" != "$FAILS"\n')
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    monkeypatch.setattr(Boot, "real", True)
    boot = Boot(tmp_path)
    boot.write("rules")
    assert boot.enable()
    boot.remove()
    told = ["daemon-reload", "enable --now safety-contain.service", "disable --now safety-contain.service"]
    assert log.read_text().splitlines() == [*told, "daemon-reload"]
    monkeypatch.setenv("FAILS", "enable")
    with pytest.raises(UnavailableError, match="systemctl enable: status 1"):
        boot.enable()
