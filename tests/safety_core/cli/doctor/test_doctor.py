"""What each try says, and what is made of it. The tries over a network are in tests/e2e/test_containment.py."""

from __future__ import annotations

import errno
import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.cli.doctor import edge, inward, keys, ports, powers, questions, resolving
from safety_core.cli.doctor.aim import OUTSIDE, OUTSIDE_V6, OUTWARD, Aim, hosts, local_resolvers
from safety_core.cli.doctor.child import TRIES, trials
from safety_core.cli.doctor.judge import judge, judged
from safety_core.cli.doctor.trial import Seen, Trial, failed, worst
from safety_core.cli.doctor.words import WORDS
from safety_core.cli.main import run
from safety_core.errors import InputError
from safety_core.wire.posture import Check, Result

ANSWERED, RESET, SILENT, REFUSED, UNTRIED = (Trial(seen) for seen in sorted(Seen, reverse=True))


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path fits into a Unix socket's address, which pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="edge") as folder:
        yield Path(folder)


@pytest.fixture
def aim(tmp_path: Path) -> Aim:
    return Aim(
        hosts(()),
        (),
        tmp_path / "edge.sock",
        (),
        ("127.0.0.1", 9),
        tmp_path,
        resolved=tmp_path / "resolve",
        metadata=(),
    )


def test_every_check_has_a_try_and_words() -> None:
    assert set(Check) == set(TRIES) == set(WORDS)
    assert set(OUTWARD) < set(Check)


@pytest.mark.parametrize(
    ("agent", "control", "result"),
    [
        (ANSWERED, None, Result.OPEN),
        (ANSWERED, REFUSED, Result.OPEN),
        (REFUSED, None, Result.BLOCKED),
        (REFUSED, ANSWERED, Result.BLOCKED),
        (SILENT, ANSWERED, Result.BLOCKED),
        (SILENT, SILENT, Result.UNKNOWN),
        (SILENT, None, Result.UNKNOWN),
        (RESET, ANSWERED, Result.BLOCKED),
        (RESET, RESET, Result.OPEN),
        (RESET, None, Result.OPEN),
        (UNTRIED, ANSWERED, Result.UNKNOWN),
        (UNTRIED, None, Result.UNKNOWN),
    ],
)
def test_silence_proves_nothing_unless_somebody_else_was_answered(
    agent: Trial, control: Trial | None, result: Result
) -> None:
    assert judge(agent, control) is result


def test_while_the_network_is_down_no_refusal_proves_anything() -> None:
    agent = {Check.TCP_443: REFUSED, Check.TCP_80: ANSWERED, Check.PTRACE: REFUSED}
    down = {Check.TCP_443: REFUSED, Check.TCP_80: SILENT}
    assert judged(agent, down) == {
        Check.TCP_443: Result.UNKNOWN,
        Check.TCP_80: Result.OPEN,
        Check.PTRACE: Result.BLOCKED,
    }
    assert judged(agent, {**down, Check.TCP_80: ANSWERED})[Check.TCP_443] is Result.BLOCKED
    assert judged(agent, {})[Check.TCP_443] is Result.BLOCKED


def test_the_worst_of_several_tries_counts() -> None:
    assert worst([]).seen is Seen.UNTRIED
    assert worst([Trial(Seen.REFUSED, "a"), Trial(Seen.ANSWERED, "b"), Trial(Seen.ANSWERED, "c")]).detail == "b, c"


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (TimeoutError(), Seen.SILENT),
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), Seen.RESET),
        (PermissionError(errno.EPERM, ""), Seen.REFUSED),
        (OSError(errno.EHOSTUNREACH, ""), Seen.REFUSED),
        (OSError(errno.ENETUNREACH, ""), Seen.REFUSED),
        (OSError(errno.EMFILE, ""), Seen.UNTRIED),
    ],
)
def test_errors_say_who_refused(error: OSError, seen: Seen) -> None:
    assert failed(error, "x").seen is seen


def test_targets_are_for_all_checks_of_their_family_or_for_one() -> None:
    assert hosts(())[Check.HTTP] == OUTSIDE
    assert hosts(())[Check.IPV6_UDP] == OUTSIDE_V6
    chosen = hosts(("192.0.2.1", "2001:db8::1", "tcp_22=192.0.2.7"))
    assert {chosen[check] for check in OUTWARD} == {"192.0.2.1", "2001:db8::1", "192.0.2.7"}
    assert chosen[Check.TCP_22] == "192.0.2.7"
    for wrong in ("shop.example", "ptrace=192.0.2.1", "tcp_22=", "tcp_22=x"):
        with pytest.raises(InputError, match="--target"):
            hosts((wrong,))


def test_name_servers_are_those_of_resolv_conf() -> None:
    text = "# a\nnameserver 127.0.0.53\nsearch x\n\nnameserver fe80::1%eth0\nnameserver\nnameserver 127.0.0.53\n"
    assert local_resolvers(text) == ("127.0.0.53", "fe80::1")


def test_a_question_carries_random_bytes_and_an_answer_is_told_from_anything_else() -> None:
    name = questions.tunnel_name("example.com")
    assert name != questions.tunnel_name("example.com")
    assert name.endswith(".safety-doctor.example.com")
    asked = questions.query(name, questions.TXT)
    assert len(asked) < 255 + 18
    answer = asked[:2] + b"\x81\x83" + asked[4:]
    assert questions.found(asked, answer)
    failing = asked[:2] + b"\x81\x82" + asked[4:]
    assert questions.answers(asked, failing)
    assert not questions.found(asked, failing)
    assert not questions.answers(asked, asked)
    assert not questions.answers(asked, b"??" + answer[2:])
    assert not questions.answers(asked, answer[:11])
    assert len(questions.quic_hello()) == 1200
    assert b"Upgrade: websocket" in questions.get("x", upgrade=True)
    assert b"Upgrade" not in questions.get("x")


@contextmanager
def listening(path: Path, answer: bytes) -> Iterator[None]:
    """Answer everybody at a Unix socket alike."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        thread.join(10)


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ({"parameters": {"addresses": []}}, Seen.ANSWERED),
        ({"error": "io.systemd.Resolve.DNSError", "parameters": {"rcode": 3}}, Seen.ANSWERED),
        ({"error": "io.systemd.Resolve.NetworkDown"}, Seen.SILENT),
    ],
)
def test_a_resolver_that_answers_over_its_socket_is_a_way_out(
    aim: Aim, short_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object], seen: Seen
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")  # this machine's own is not asked
    monkeypatch.setattr(resolving, "NSCD", short_path / "none")
    path = short_path / "r"
    with listening(path, json.dumps(answer).encode() + b"\0"):
        assert resolving.by_socket(replace(aim, resolved=path)).seen is seen
    assert resolving.by_socket(replace(aim, resolved=path)).seen is Seen.REFUSED  # nobody listens there any more
    assert resolving.by_socket(aim).seen is Seen.REFUSED


def test_a_socket_of_a_program_that_runs_containers_is_a_way_to_root(aim: Aim, short_path: Path) -> None:
    path = short_path / "docker.sock"
    named = replace(aim, containers=(str(path),))
    assert inward.containers(named) == Trial(Seen.REFUSED, "none is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        assert inward.containers(named).seen is Seen.REFUSED
        listener.listen()
        assert inward.containers(named) == Trial(Seen.ANSWERED, str(path))


def test_a_socket_in_a_folder_that_may_not_be_entered_is_no_way(aim: Aim, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "closed", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    assert inward.containers(aim) == Trial(Seen.REFUSED, "none is there")


def test_keys_in_openclaws_configuration_are_named_and_not_told(aim: Aim) -> None:
    assert keys.in_config(aim).seen is Seen.REFUSED
    folder = aim.agent_home / ".openclaw"
    folder.mkdir()
    secret = "invented-" + os.urandom(8).hex()
    config = {"models": {"providers": {"groq": {"baseUrl": "http://x", "apiKey": secret, "models": []}}}}
    (folder / "openclaw.json").write_text(json.dumps(config))
    found = keys.in_config(aim)
    assert found == Trial(Seen.ANSWERED, "models.providers.groq.apiKey")
    (folder / "openclaw.json").write_text("{")
    assert keys.in_config(aim).seen is Seen.UNTRIED


def test_an_edge_that_does_not_run_is_no_proof(aim: Aim) -> None:
    for attempt in (inward.environ, inward.memory, inward.ptrace, inward.files, inward.edge_token):
        assert attempt(aim).seen is Seen.UNTRIED
    gone = replace(aim, pids=(2**22 - 1,))
    assert inward.environ(gone) == inward.NOT_THERE


def test_root_and_whoever_is_as_good_as_root_is_told(aim: Aim) -> None:
    assert (powers.root(aim).seen is Seen.ANSWERED) is (os.geteuid() == 0)


def test_a_try_that_breaks_is_none_and_keeps_no_other_from_ending(aim: Aim) -> None:
    def breaks(_: Aim) -> Trial:
        raise KeyError("inside")

    tries = {Check.ICMP: breaks, Check.ROOT: powers.root}
    told = {ended.check: ended.trial for ended in trials(aim, {"one": (None, tries)})}
    assert told[Check.ICMP] == Trial(Seen.UNTRIED, "KeyError")
    assert told[Check.ROOT] == powers.root(aim)


def test_names_that_the_agent_gave_do_nothing_to_a_terminal(aim: Aim) -> None:
    folder = aim.agent_home / ".openclaw"
    folder.mkdir()
    name = "x\x1b[2J\x1b]0;title\x07\nnote: all is well\u202e"
    config = {"models": {"providers": {name: {"apiKey": "invented-" + os.urandom(8).hex()}}}}
    (folder / "openclaw.json").write_text(json.dumps(config))
    tries = {Check.KEYS_CONFIG: keys.in_config, Check.ICMP: lambda _: Trial(Seen.REFUSED, "y" * 100_000)}
    told = {ended.check: ended.trial for ended in trials(aim, {"one": (None, tries)})}
    assert told[Check.KEYS_CONFIG].seen is Seen.ANSWERED
    assert told[Check.KEYS_CONFIG].detail.isprintable()
    assert "note: all is well" in told[Check.KEYS_CONFIG].detail
    assert told[Check.ICMP].detail == "y" * 1000 + "..."


def test_who_opens_many_ports_hides_none_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.getuid()
    found = [("127.0.0.1", 1000 + port, me) for port in range(100)]
    found += [("127.0.0.1", 40000, me + 1), ("::1", 40000, me), ("127.0.0.1", 40001, me), ("127.0.0.1", 40001, me + 1)]
    monkeypatch.setattr(ports, "_sockets", lambda protocol: iter(found))
    tried = ports.listening("udp", {1000})
    assert len(tried) == ports.MOST
    assert tried[:3] == [("127.0.0.1", 40000), ("127.0.0.1", 40001), ("127.0.0.1", 1001)]


def test_sockets_are_known_with_their_user() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        assert (host, port, os.getuid()) in {*ports._sockets("tcp")}


def test_a_command_line_without_end_is_read_for_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "cmdline"
    path.write_bytes(b"python\0/usr/bin/safety\0edge\0" + b"x" * 1024 * 1024)
    words = edge._words(path)
    assert (words[:3], sum(map(len, words)) < 5000) == ([b"python", b"/usr/bin/safety", b"edge"], True)


def test_a_child_that_ends_early_leaves_its_checks_untried(aim: Aim) -> None:
    def ends(_: Aim) -> Trial:
        os._exit(1)

    (told,) = trials(aim, {"one": (None, {Check.ICMP: ends})})
    assert told.trial == Trial(Seen.UNTRIED, "did not come to an end")


def test_wrong_words_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for options, why in (
        (["--as", "nobody of ours"], "is not there"),
        (["--as", "40001", "--loopback", "x"], "--loopback: is no port"),
        (["--as", "40001", "--target", "x"], "names no IP address"),
    ):
        assert run(["doctor", *options]) == 2
        assert why in capsys.readouterr().err
