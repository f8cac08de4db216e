"""Where paths lie, without a look at the disk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.classify.catalogue import compiled
from safety_core.classify.paths import GIVEN, HOLE, Names, absolute, path_target
from safety_core.model.facts import Zone
from tests.simulators.judging import WORKSPACE, Judging


@pytest.mark.parametrize(
    ("path", "zone"),
    [
        ("a/b.txt", Zone.WORKSPACE),
        (".", Zone.WORKSPACE),
        ("..", Zone.ROOT),
        ("../other", Zone.OUTSIDE),
        ("/workspace-evil/x", Zone.OUTSIDE),
        ("../workspace/x", Zone.WORKSPACE),
        (".git/hooks/pre-commit", Zone.SYSTEM),
        ("/tmp/x", Zone.TEMPORARY),
        ("/tmp/../etc/hosts", Zone.SYSTEM),
        ("/dev/null", Zone.TEMPORARY),
        ("/dev/sda", Zone.DEVICE),
        ("/dev/shm/x", Zone.TEMPORARY),
        ("/dev", Zone.ROOT),
        ("~", Zone.ROOT),
        ("~/*", Zone.ROOT),
        ("~someone", Zone.ROOT),
        ("~/notes", Zone.HOME),
        ("~/.bashrc", Zone.SYSTEM),
        ("~/.ssh/id_rsa", Zone.SENSITIVE),
        ("~/.ssh/known_hosts", Zone.HOME),
        ("/home/olga", Zone.ROOT),
        ("/home/olga/x", Zone.HOME),
        ("/root", Zone.ROOT),
        ("/", Zone.ROOT),
        ("/*", Zone.ROOT),
        ("/etc", Zone.ROOT),
        ("/etc/hosts", Zone.SYSTEM),
        ("/srv2/data", Zone.OUTSIDE),
        (".env", Zone.SENSITIVE),
        (".env.example", Zone.WORKSPACE),
        ("sub/.docker/config.json", Zone.SENSITIVE),
        ("C:\\Windows\\x", Zone.SYSTEM),
        (f"/data/{HOLE}", Zone.UNKNOWN),
        (GIVEN, Zone.UNKNOWN),
        (f"~/.ssh/{HOLE}", Zone.SENSITIVE),
        ("~/.s*/id*", Zone.SENSITIVE),
        ("~/.ss?", Zone.SENSITIVE),
        ("~/.[r-t]sh/x", Zone.SENSITIVE),
        ("/e?c/p*d", Zone.SENSITIVE),
        ("/etc/sh[^x]dow", Zone.SENSITIVE),
        ("/*/passwd*", Zone.SENSITIVE),
        (".en*", Zone.SENSITIVE),
        (".git*", Zone.WORKSPACE),
        ("*.json", Zone.WORKSPACE),
        ("*ssh", Zone.WORKSPACE),
        ("?ssh/x", Zone.WORKSPACE),
        ("notes-2*.txt", Zone.WORKSPACE),
        ("c" * 300 + "*", Zone.WORKSPACE),
        ("*/" * 70, Zone.SENSITIVE),
        ("~/.bash*", Zone.SYSTEM),
        ("~/.SSH/ID_RSA", Zone.SENSITIVE),
        ("/ETC/Shadow", Zone.SENSITIVE),
        ("/ETC/hosts", Zone.SYSTEM),
        (".Git/Hooks/x", Zone.SYSTEM),
        ("~+/a", Zone.WORKSPACE),
        ("~+", Zone.WORKSPACE),
        ("~-/a", Zone.UNKNOWN),
        ("~-", Zone.UNKNOWN),
        ("~/../olga/x", Zone.HOME),
        ("~/../../etc/passwd", Zone.SENSITIVE),
        ("~olga/../..", Zone.ROOT),
        ("//etc//shadow", Zone.SENSITIVE),
        ("/./etc/../etc/hosts", Zone.SYSTEM),
        ("/proc/self/environ", Zone.SENSITIVE),
        ("/proc/1/environ", Zone.SENSITIVE),
        ("/proc/1/fd/3", Zone.SENSITIVE),
        ("/proc/*/root/1", Zone.SENSITIVE),
        ("/proc/self/fd/3", Zone.SYSTEM),
        ("/proc/cpuinfo", Zone.SYSTEM),
        ("\\\\till\\share", Zone.OUTSIDE),
        ("a\\..\\..\\x", Zone.UNKNOWN),
        ("a\\.ssh\\x", Zone.SENSITIVE),
        ("D:/x", Zone.SYSTEM),
    ],
)
def test_zone(judging: Judging, path: str, zone: Zone) -> None:
    assert path_target(path, WORKSPACE, WORKSPACE, compiled(judging.catalogue).paths).zone is zone


@given(st.text(), st.text())
def test_an_absolute_path_has_no_way_up(path: str, base: str) -> None:
    assert ".." not in absolute(path, base).split("/")[1:]


def test_a_drive_is_no_relative_path() -> None:
    assert absolute("C:\\a\\..\\b", "/x") == "C:/b"


def test_a_star_in_a_row_stands_for_one_folder() -> None:
    names = Names.of([".config/*/token"])
    assert names.match([".config", "shop", "token"])
    assert not names.match([".config", "token"])
    assert not names.match([".config", "a", "b", "token"])
