"""Containment on a machine of its own (network namespaces): without the rules every way is open, with them none is.

Each kind of refusal is taken away alone, and exactly the checks that belong to it find their way out.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from safety_core.cli.contain.people import Person
from safety_core.cli.contain.rules import Containment, ruleset
from safety_core.cli.doctor.aim import OUTWARD
from tests.simulators.tenant_network import (
    AGENT,
    AGENT_PORT,
    DATABASE_PORT,
    EDGE,
    OTHER,
    OUTSIDE,
    OUTSIDE_V6,
    RESOLVER,
    RESOLVER_PORT,
    TENANT,
    Network,
    network,
)

PACKETS = {check.value for check in OUTWARD}
"""Checks that send packets, all of which get out without the rules."""

YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")

SAME_USER = {"proc_environ", "vault_files", "control_socket"}
if not YAMA.exists() or YAMA.read_text() == "0\n":  # else the kernel lets no program attach to another's
    SAME_USER |= {"proc_memory", "ptrace"}
"""What is open to whoever is the edge's user."""

KINDS = {
    "local_dns": {"dns_local", "dns_tunnel"},
    "loopback": {"loopback"},
    "metadata": {"metadata"},
    "ipv6": {"ipv6_tcp", "ipv6_udp"},
    "dns": {"dns_udp", "dns_tcp", "dns_tls"},
    "quic": {"udp_443"},
    "icmp": {"icmp"},
    "other": {"tcp_443", "tcp_80", "tcp_22", "tcp_25", "http", "websocket"},
}
WHO = ("--edge-user", str(EDGE), "--agent-user", str(AGENT))
ODD = ("--dns", str(RESOLVER_PORT))
HASTY = ("--patience", "3")
"""Where somebody does not answer."""

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"


@pytest.fixture(scope="module")
def machine() -> Iterator[Network]:
    with tempfile.TemporaryDirectory(prefix="sg") as name:
        folder = Path(name)
        folder.chmod(0o755)  # other users pass through it
        with network(folder) as made:
            yield made


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder that stands for / where files are installed."""
    return tmp_path / "image"


@pytest.fixture
def contained(machine: Network, image: Path) -> Iterator[Network]:
    """The machine with the rules that bound the agent to the edge's port."""
    machine.safety("contain", "install", *WHO, *ODD, "--loopback", "8100", "--root", str(image), "--yes")
    yield machine
    machine.safety("contain", "remove", "--root", str(image), "--yes")


def test_without_rules_every_way_is_open(machine: Network) -> None:
    assert machine.open_for(AGENT) == PACKETS | {"loopback"}
    assert machine.safety("contain", "status", status=1).startswith("not in force")


def test_with_them_none_is_for_the_agent_and_every_one_for_the_edge(contained: Network) -> None:
    found = contained.doctor(AGENT)
    assert {check for check, entry in found.items() if entry["result"] == "open"} == set()
    assert {check for check, entry in found.items() if entry["result"] == "unknown"} <= {"keys_environ"}
    assert "401" in found["edge_token"]["detail"]  # the way through the edge is there
    assert contained.open_for(EDGE) >= PACKETS | SAME_USER
    assert contained.open_for(OTHER) >= PACKETS


def test_what_was_found_is_handed_to_the_edge_and_the_exit_status_says_whether_all_is_well(contained: Network) -> None:
    posture = contained.home / "posture.json"
    where = ("--target", OUTSIDE, "--target", OUTSIDE_V6, "--resolver", "127.0.0.53", "--home", str(contained.home))
    shown = contained.safety("doctor", "--as", str(AGENT), *where)
    told = json.loads(contained.run(contained.tenant, "cat", str(posture)))
    assert told["uid"] == AGENT
    assert told["results"]["dns_tunnel"] == "blocked"
    assert f"as uid {AGENT}:" in shown
    assert " 0 open" in shown
    shown = contained.safety("doctor", "--as", str(EDGE), *where, status=1)
    assert "edge and agent are the same user" in shown
    assert "every secret can be read. Fix: run edge and agent as different users" in " ".join(shown.split())


@pytest.mark.parametrize("kind", KINDS)
def test_each_rule_closes_its_own_way(contained: Network, image: Path, kind: str) -> None:
    text = (image / "etc/safety/contain.nft").read_text()
    weakened = "".join(line for line in text.splitlines(True) if f'counter name "refused_{kind}" reject' not in line)
    assert weakened.count("\n") == text.count("\n") - 1
    contained.nft(weakened)
    assert contained.open_for(AGENT) == KINDS[kind]
    assert "differ from" in contained.safety("contain", "status", "--root", str(image), status=1)


def test_an_agent_that_is_not_named_is_held_by_nothing(contained: Network) -> None:
    contained.nft(f"delete element inet safety_gateway agents {{ {AGENT} }}")
    assert contained.open_for(AGENT) == PACKETS | {"loopback"}


def test_a_container_reaches_the_machine_and_nothing_behind_it(contained: Network, image: Path) -> None:
    inside = ("python3", "-c", CONNECT)
    contained.run(contained.box, *inside, OUTSIDE, "443", status=1)
    contained.run(contained.box, *inside, TENANT, str(AGENT_PORT))
    text = (image / "etc/safety/contain.nft").read_text()
    contained.nft(text.replace('iifname "docker*" goto refuse_forward', ""))
    contained.run(contained.box, *inside, OUTSIDE, "443")


def test_who_comes_in_is_answered(contained: Network) -> None:
    said = "import socket, sys; print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).recv(9).decode())"
    assert contained.run(contained.outside, "python3", "-c", said, TENANT, str(AGENT_PORT)) == "here\n"


def test_refusals_are_counted(contained: Network, image: Path) -> None:
    assert contained.open_for(AGENT) == set()
    shown = contained.safety("contain", "status", "--root", str(image))
    assert "in force, as installed" in shown
    counted = dict(re.findall(r"│ (\w+) +│ (\d+) +│", shown))
    assert {kind for kind in KINDS if counted[kind] == "0"} == set()


def test_what_is_allowed_is_reached_and_no_more(machine: Network, image: Path) -> None:
    allowed = ("--dns", str(RESOLVER_PORT), "--allow", f"{OUTSIDE}/32:22", "--allow", f"[{OUTSIDE_V6}]:443")
    machine.safety("contain", "install", *WHO, *allowed, "--root", str(image), "--yes")
    assert machine.open_for(AGENT, "--loopback", str(DATABASE_PORT)) == {"tcp_22", "ipv6_tcp"}
    machine.safety("contain", "remove", "--root", str(image), "--yes")
    assert machine.open_for(AGENT, "--loopback", str(DATABASE_PORT)) == PACKETS


def test_with_everyone_nobody_but_the_edge_leaves(machine: Network, image: Path) -> None:
    machine.safety("contain", "install", "--edge-user", str(EDGE), "--everyone", *ODD, "--root", str(image), "--yes")
    assert machine.open_for(OTHER, *HASTY, "--loopback", str(DATABASE_PORT)) == set()
    assert machine.open_for(EDGE, *HASTY) >= PACKETS - {"dns_local", "dns_tunnel"}  # the resolver is held, too
    machine.run(machine.tenant, "python3", "-c", CONNECT, OUTSIDE, "443", status=1)  # root
    machine.safety("contain", "remove", "--root", str(image), "--yes")


def test_a_resolver_on_another_port_is_found_and_held_when_it_is_named(machine: Network, image: Path) -> None:
    machine.safety("contain", "install", *WHO, "--root", str(image), "--yes")
    expected = ("--loopback", str(DATABASE_PORT))
    found = machine.doctor(AGENT, *expected)
    assert {check for check, entry in found.items() if entry["result"] == "open"} == {"dns_local"}
    assert f"port {RESOLVER_PORT}" in found["dns_local"]["detail"]
    machine.safety("contain", "install", *WHO, "--dns", str(RESOLVER_PORT), "--root", str(image), "--yes")
    assert machine.open_for(AGENT, *expected) == set()
    machine.safety("contain", "remove", "--root", str(image), "--yes")


def test_the_numbers_that_an_agent_may_become_are_held_too(machine: Network) -> None:
    agent = Person("agent", AGENT, ((50_000, 100),))
    machine.nft(ruleset(Containment((Person("edge", EDGE),), (agent,), resolvers=(RESOLVER_PORT,))))
    assert machine.open_for(50_099, "--loopback", str(DATABASE_PORT)) == set()
    assert machine.open_for(50_100, "--loopback", str(DATABASE_PORT)) == PACKETS
    machine.nft("delete table inet safety_gateway")


def test_silence_is_held_against_somebody_who_may_leave(machine: Network) -> None:
    """A firewall that drops instead of refusing is seen as one only beside somebody who gets through."""
    drop = f"type filter hook output priority 0; meta skuid {AGENT} tcp dport 22 drop;"
    machine.nft(f"table inet quiet {{ chain o {{ {drop} }}; }}")
    assert machine.doctor(AGENT, *HASTY)["tcp_22"]["result"] == "blocked"
    assert machine.doctor(AGENT, *HASTY, "--compare-as", str(AGENT))["tcp_22"]["result"] == "unknown"
    machine.nft("delete table inet quiet")


def test_the_resolver_is_not_the_agent(contained: Network) -> None:
    assert "dns_udp" in contained.open_for(RESOLVER)


def test_a_providers_key_in_the_environment_of_a_process_is_named_and_an_edges_token_is_none(machine: Network) -> None:
    key, user = "invented-" + secrets.token_hex(12), 40_006
    for name, value, result in (("GROQ_API_KEY", key, "open"), ("OPENAI_API_KEY", secrets.token_hex(32), "blocked")):
        with machine.running(machine.tenant, user, "env", f"{name}={value}", "sh", "-c", "echo ready; read line"):
            found = machine.doctor(user)["keys_environ"]
        assert found["result"] == result
        assert (name in found["detail"]) is (result == "open")
        assert value not in json.dumps(found)


def test_a_doctor_that_is_the_agent_itself_says_so(contained: Network) -> None:
    command = ("doctor", "--target", OUTSIDE, "--target", OUTSIDE_V6, "--resolver", "127.0.0.53")
    with pytest.raises(AssertionError, match="is another user, and only root may become one"):
        contained.as_user(contained.tenant, OTHER, *command, "--as", str(AGENT))
    found = json.loads(contained.as_user(contained.tenant, AGENT, *command, "--home", str(contained.home), "--json"))
    assert [entry["check"] for entry in found["checks"] if entry["result"] == "open"] == []
    assert any("only root does that" in note for note in found["notes"])


def test_an_agent_in_a_user_namespace_of_its_own_is_the_same_agent(contained: Network) -> None:
    """There it has the number 0, and every capability but those that count outside."""
    within = ("unshare", "--user", "--map-root-user", "/bin/bash", "-c")
    tried = 'test "$(id -u)" = 0 && echo root; (exec 3<>/dev/tcp/$0/443) 2>/dev/null && echo out || echo held'
    assert contained.as_program(contained.tenant, AGENT, *within, tried, OUTSIDE) == "root\nheld\n"
    assert contained.as_program(contained.tenant, OTHER, *within, tried, OUTSIDE) == "root\nout\n"


RAW = ("--inh-caps=+net_raw", "--ambient-caps=+net_raw")
PING = """
import socket, sys
ping = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
ping.settimeout(3)
ping.sendto(bytes.fromhex("0800f7fd00010001"), (sys.argv[1], 0))
ping.recv(99)
"""
DATAGRAM = """
import socket, sys
flow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flow.bind(("", 5555))
flow.settimeout(3)
flow.sendto(b"hello", (sys.argv[1], 443))
flow.recv(99)
"""


@pytest.mark.parametrize("program", [PING, DATAGRAM], ids=["the identifier of a ping", "a source port"])
def test_nobody_goes_on_with_a_flow_that_another_user_was_let_out_with(contained: Network, program: str) -> None:
    command = ("/usr/bin/python3", "-c", program, OUTSIDE)
    contained.as_program(contained.tenant, OTHER, *command, caps=RAW)
    with pytest.raises(AssertionError, match="PermissionError"):
        contained.as_program(contained.tenant, AGENT, *command, caps=RAW)


def test_who_is_not_root_changes_nothing_and_who_does_not_say_yes_does_not_either(
    contained: Network, image: Path
) -> None:
    with pytest.raises(AssertionError, match="needs root"):
        contained.as_user(contained.tenant, OTHER, "contain", "remove", "--yes")
    asked = contained.safety(
        "contain", "install", *WHO, "--allow", f"{OUTSIDE}/32:22", "--root", str(image), status=130
    )
    assert f"Allowed all the same: TCP port 22 of {OUTSIDE}/32." in asked
    contained.safety("contain", "remove", "--root", str(image), status=130)
    assert contained.safety("contain", "status", "--root", str(image)).startswith("in force, as installed")


@pytest.mark.parametrize("protocol", [6, 262], ids=["tcp", "multipath tcp"])
def test_a_connection_that_the_kernel_opens_for_the_agent_is_the_agents(contained: Network, protocol: int) -> None:
    """Multipath TCP connects by a socket of the kernel's own. A kernel without it says so, and nothing leaves."""
    opens = (
        "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, int(sys.argv[2]))\n"
        "s.settimeout(3); s.connect((sys.argv[1], 443)); print('out')"
    )
    with pytest.raises(AssertionError, match="OSError"):
        contained.as_program(contained.tenant, AGENT, "/usr/bin/python3", "-c", opens, OUTSIDE, str(protocol))


def test_what_an_agent_has_open_ends_and_what_came_in_goes_on(machine: Network, image: Path) -> None:
    talk = (
        "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)\n"
        "print('ready', flush=True); sys.stdin.readline(); s.sendall(b'x'); print(s.recv(9).decode(), flush=True)"
    )
    programs = ("/usr/bin/python3", "-c", talk)
    with (
        machine.talking(machine.tenant, AGENT, *programs, OUTSIDE, "80") as outward,
        machine.talking(machine.outside, OTHER, *programs, TENANT, str(AGENT_PORT + 1)) as inward,
    ):
        machine.safety("contain", "install", *WHO, "--root", str(image), "--yes")
        assert inward() == "here\n"
        assert outward() == ""
    machine.safety("contain", "remove", "--root", str(image), "--yes")
