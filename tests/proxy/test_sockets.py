"""The control socket is this user's alone, replaces only leftovers, and robs nobody."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.sockets import listen_tcp, listen_unix, unix_listener
from safety_core.errors import InputError


def test_a_new_socket_is_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen_unix(path) as listener:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        assert listener.getblocking() is False


def test_a_leftover_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listen_unix(path).close()
    assert path.exists()
    listen_unix(path).close()


def test_its_file_goes_with_it_but_not_anybody_elses(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with unix_listener(path):
        assert path.exists()
    assert not path.exists()
    with unix_listener(path):
        path.unlink()
        path.write_text("other")
    assert path.read_text() == "other"


def test_a_running_edge_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen_unix(path), pytest.raises(InputError, match="another edge answers there"):
        listen_unix(path)
    assert path.exists()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/dev/null")])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, make: object) -> None:
    path = tmp_path / "s"
    make(path)  # type: ignore[operator]
    with pytest.raises(InputError, match="not a socket"):
        listen_unix(path)
    assert path.is_symlink() or path.exists()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be made"):
        listen_unix(tmp_path / "none" / "s")


def test_a_port_that_is_taken_is_named() -> None:
    with listen_tcp("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1:{port}: cannot be listened on"):
            listen_tcp("127.0.0.1", port)


def test_the_edge_has_as_many_descriptors_as_the_system_grants() -> None:
    code = (
        "import resource; from proxy.sockets import allow_files; n = resource.RLIMIT_NOFILE\n"
        "resource.setrlimit(n, (64, 100)); allow_files(); print(resource.getrlimit(n))\n"
        "resource.setrlimit(n, (80, 90)); resource.setrlimit(n, (90, 90)); allow_files(); print(resource.getrlimit(n))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(100, 100)\n(90, 90)\n"
