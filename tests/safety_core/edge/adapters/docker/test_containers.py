"""What an agent can do with a connected engine, and what becomes of it when something fails: real containers."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safety_core.edge.adapters.docker.mask import masked
from safety_core.edge.adapters.request import answer_from, request_bytes
from safety_core.errors import ExecutionError, UncertainError
from tests.simulators.containers import IMAGE, ContainerEngine
from tests.simulators.docker_calls import DockerCalls
from tests.simulators.relay import relay

SLEEPING = {"image": IMAGE, "name": "web", "command": ["sleep", "1000"], "detach": True}


def test_a_connection_is_checked(calls: DockerCalls) -> None:
    assert calls.result("check").output.endswith(", by its socket")


def test_a_container_is_run_and_its_words_and_status_come_back(calls: DockerCalls, box: ContainerEngine) -> None:
    done = calls.result("run", image=IMAGE, command="echo out; echo err >&2; exit 3", remove=True)
    assert sorted(done.output.split()) == ["err", "out"]
    assert done.status == 3
    assert box.containers() == []


def test_a_container_is_seen_stopped_started_and_removed(calls: DockerCalls, box: ContainerEngine) -> None:
    started = calls.result("run", **SLEEPING)
    assert started.undo is not None
    assert started.undo.tool == "docker_remove"
    assert len(str(started.undo.params["name"])) == 64, "that container, whatever bears its name by then"
    assert [(one["name"], one["state"]) for one in calls("ps")] == [("web", "running")]
    assert IMAGE in calls("images")[0]["tags"]
    stopped = calls.but(timeout=3).result("stop", container="web")
    assert stopped.undo is not None
    assert stopped.undo.tool == "docker_start"
    assert calls.result("stop", container="web").undo is None
    assert calls("start", container="web") == {"container": "web", "changed": True}
    assert calls.but(timeout=3)("restart", container="web")["changed"] is True
    assert calls("remove", name="web", force=True) == {"removed": "web"}
    with pytest.raises(ExecutionError, match="404"):
        calls("remove", name="web")
    assert calls.but(again=True)("remove", name="web") == {"removed": "web", "already_done": True}


def test_a_command_in_a_container_gets_secrets_by_its_environment_alone(calls: DockerCalls) -> None:
    value = secrets.token_urlsafe(18)
    calls("run", **SLEEPING)
    env = {"API_KEY": "SECRET_REF(api)"}
    done = calls.result("exec", {"api": value}, container="web", command='echo "$API_KEY"; exit 7', env=env)
    assert (done.output, done.status) == (value + "\n", 7)
    for tool, more in (("exec", {"container": "web"}), ("run", {"image": IMAGE})):
        with pytest.raises(ExecutionError, match="put it into env"):
            calls(tool, {"api": value}, command=["echo", "SECRET_REF(api)"], **more)


def test_an_environment_is_not_shown(calls: DockerCalls) -> None:
    value = secrets.token_urlsafe(18)
    calls("run", {"db": value}, **SLEEPING, env={"DB_PASSWORD": "SECRET_REF(db)", "COLOUR": "blue"})
    shown = calls.result("inspect", name="web").output
    assert value not in shown
    assert "DB_PASSWORD=***" in shown
    assert "COLOUR=blue" in shown
    assert calls("inspect", name=IMAGE, kind="image")["Id"]


def test_keys_and_passwords_in_urls_are_masked() -> None:
    env = ["URL=postgres://a:b@c/d", "X=" + "a1" * 16, "PATH=/usr/bin", "EMPTY=", "GITHUB_TOKEN=x"]
    assert masked({"Config": {"Env": env, "Cmd": ["x", "http://u:p@h"]}}) == {
        "Config": {
            "Env": ["URL=postgres://a:***@c/d", "X=***", "PATH=/usr/bin", "EMPTY=", "GITHUB_TOKEN=***"],
            "Cmd": ["x", "http://u:***@h"],
        }
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"network": "host"}, "never the machine's"),
        ({"network": "container:web"}, "never the machine's"),
        ({"network": "ns:/proc/1/ns/net"}, "never the machine's"),
        ({"mounts": [{"source": "/", "target": "/host"}]}, "no container see files"),
        ({"image": "../containers/web"}, "must be a name"),
        ({"name": "../x"}, "must be a name"),
        ({"env": {"A=B": "x"}}, "mapping of names"),
        ({"env": {"A": 1}}, "mapping of names"),
        ({"memory": True}, "must be a number"),
        ({"remove": "yes"}, "true or false"),
        ({"command": []}, "a list of words"),
        ({"workdir": 5}, "must be text"),
        ({"image": "localhost/nothing:1"}, "404"),
    ],
)
def test_what_reaches_beyond_a_container_is_refused(
    calls: DockerCalls, box: ContainerEngine, arguments: dict[str, object], reason: str
) -> None:
    with pytest.raises(ExecutionError, match=reason):
        calls("run", **{"image": IMAGE, "command": ["true"], **arguments})  # type: ignore[arg-type]
    assert box.containers() == []


def test_a_container_sees_the_folder_that_was_opened_and_none_beside_it(calls: DockerCalls, tmp_path: Path) -> None:
    (tmp_path / "open" / "data").mkdir(parents=True)
    (tmp_path / "open" / "data" / "a.txt").write_text("seen")
    (tmp_path / "closed").mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "closed")
    opened = calls.but(options=(("mounts", str(tmp_path / "open")),))
    mount = {"source": "data", "target": "/data"}
    done = opened.result("run", image=IMAGE, command="cat /data/a.txt; echo x > /data/b", mounts=[mount])
    assert "seen" in done.output
    assert not (tmp_path / "open" / "data" / "b").exists()
    for source in ("link", "..", "../closed", str(tmp_path / "closed"), "data/../../closed"):
        with pytest.raises(ExecutionError, match="below the one"):
            opened("run", image=IMAGE, command=["true"], mounts=[{"source": source, "target": "/x"}])
    for wrong in ({"source": "data"}, {"source": "data", "target": "x"}, {**mount, "propagation": "shared"}, "data"):
        with pytest.raises(ExecutionError, match="must be a list of"):
            opened("run", image=IMAGE, command=["true"], mounts=[wrong])  # type: ignore[list-item]


def test_a_container_has_no_more_rights_than_a_container(calls: DockerCalls, box: ContainerEngine) -> None:
    calls("run", **SLEEPING)
    host = calls("inspect", name="web")["HostConfig"]
    assert host["Privileged"] is False
    assert host["NetworkMode"] == "none"
    assert host["PidsLimit"] == 256
    assert host["Memory"] == 512 * 1024 * 1024


def test_prune_takes_what_is_over(calls: DockerCalls, box: ContainerEngine) -> None:
    calls("run", **SLEEPING)
    calls.but(key="2").result("run", image=IMAGE, command=["true"])
    assert calls("prune", what="containers")["containers"]["removed"] == 1
    assert [one["name"] for one in calls("ps", all=True)] == ["web"]
    with pytest.raises(ExecutionError, match="no such things"):
        calls("prune", what="everything")


def test_an_image_that_nobody_has_is_told(calls: DockerCalls) -> None:
    with pytest.raises(ExecutionError, match="refused it"):
        calls("pull", image="localhost:1/nothing:1")


def test_a_socket_that_is_not_ours_or_not_there_is_told(
    calls: DockerCalls, box: ContainerEngine, tmp_path: Path
) -> None:
    box.socket.chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(ExecutionError, match="may not speak to"):
            calls("ps")
    finally:
        os.seteuid(0)
    with pytest.raises(ExecutionError, match="cannot be reached"):
        calls.but(socket=tmp_path / "none.sock")("ps")
    with pytest.raises(ExecutionError, match="private = true"):
        calls.but(private=False)("ps")


def test_huge_output_is_kept_to_its_beginning(calls: DockerCalls) -> None:
    calls("run", **SLEEPING)
    done = calls.but(output=10_000).result("exec", container="web", command=["yes"])
    assert done.truncated
    assert done.status == -1
    assert len(done.output) < 10_100
    done = calls.but(output=10_000, key="2").result("run", image=IMAGE, command="yes | head -c 3000000")
    assert done.truncated
    assert len(done.output) <= 10_000


def test_a_container_that_takes_too_long_is_ended(calls: DockerCalls, box: ContainerEngine) -> None:
    with pytest.raises(UncertainError, match="ended it"):
        calls.but(timeout=3)("run", image=IMAGE, command=["sleep", "1000"])
    assert [one["State"] for one in box.containers()] == ["exited"]
    calls.but(key="2")("run", **SLEEPING)
    with pytest.raises(UncertainError, match="may run on"):
        calls.but(timeout=2)("exec", container="web", command=["sleep", "20"])


@pytest.mark.parametrize("passed", [False, True], ids=["never arrived", "arrived, answer lost"])
@pytest.mark.parametrize("at", [b"/containers/create", b"/start"])
def test_a_line_cut_in_the_middle_of_a_run_runs_one_container(
    calls: DockerCalls, box: ContainerEngine, tmp_path: Path, at: bytes, *, passed: bool
) -> None:
    with relay(box.socket, tmp_path / "s", at=at, passed=passed) as line:
        with pytest.raises(UncertainError):
            calls.but(socket=tmp_path / "s")("run", image=IMAGE, command=["echo", "once"])
        assert line.reached.is_set()
    assert calls.but(again=True).result("run", image=IMAGE, command=["echo", "once"]).output == "once\n"
    assert len(box.containers()) == 1


def test_a_line_cut_before_anything_was_asked_for_means_that_nothing_happened(
    calls: DockerCalls, box: ContainerEngine, tmp_path: Path
) -> None:
    with relay(box.socket, tmp_path / "s", at=b"/_ping"), pytest.raises(ExecutionError) as refused:
        calls.but(socket=tmp_path / "s")("run", image=IMAGE, command=["true"])
    assert not isinstance(refused.value, UncertainError)
    assert box.containers() == []


def test_a_line_that_goes_dead_is_given_up(calls: DockerCalls, box: ContainerEngine, tmp_path: Path) -> None:
    dead = relay(box.socket, tmp_path / "s", at=b"/containers/json", hold=True)
    with dead, pytest.raises(ExecutionError, match="did not answer") as refused:
        calls.but(socket=tmp_path / "s", timeout=1.5)("ps")
    assert not isinstance(refused.value, UncertainError)


@pytest.mark.parametrize("at", [b"/containers/create", b"/start"])
def test_a_child_killed_in_the_middle_of_a_run_runs_one_container(
    calls: DockerCalls, box: ContainerEngine, tmp_path: Path, at: bytes
) -> None:
    arguments = {"image": IMAGE, "command": ["echo", "once"]}
    with relay(box.socket, tmp_path / "s", at=at, passed=True, hold=True) as line:
        _killed(calls.but(socket=tmp_path / "s"), line.reached.wait, "run", arguments)
    assert calls.but(again=True).result("run", **arguments).output == "once\n"  # type: ignore[arg-type]
    assert len(box.containers()) == 1


def test_what_the_engine_cannot_tell_is_not_done_again(calls: DockerCalls) -> None:
    calls("run", **SLEEPING)
    again = calls.but(again=True, key="2")
    with pytest.raises(UncertainError, match="earlier try"):
        again("exec", container="web", command=["true"])
    with pytest.raises(UncertainError, match="earlier try"):
        again("restart", container="web")
    with pytest.raises(UncertainError, match="removed it"):
        again("run", image=IMAGE, command=["true"], remove=True)


def _killed(calls: DockerCalls, reached: object, operation: str, arguments: dict[str, object]) -> None:
    """Start the real child, and kill it once the engine has been told."""
    request = calls.request(operation, **arguments)  # type: ignore[arg-type]
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "safety_core.edge.adapters.worker", str(writing)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writing,))
    os.close(writing)
    assert child.stdin
    child.stdin.write(request_bytes(request))
    child.stdin.close()
    assert reached(20)  # type: ignore[operator]
    child.send_signal(signal.SIGKILL)
    child.wait(20)
    with os.fdopen(reading, "rb") as left, pytest.raises(ValueError, match="Expecting value"):
        answer_from(left.read())
