"""What a release carries: the same bytes wherever it is built, a bill of all that is in it, and a signature that
anybody can verify with OpenSSH and coreutils, by the very lines that SECURITY.md shows."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.release.__main__ import main
from tools.release.pins import read

ROOT = Path(__file__).parents[2]
BUILD = "import sys, pathlib; from tools.release.build import build; build(*map(pathlib.Path, sys.argv[1:]))"
ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1700000000", "CFLAGS": "-g3", "HOME": "/"}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make release` makes of the newest commit."""
    target = tmp_path_factory.mktemp("released") / "dist"
    done = CliRunner().invoke(main, ["build", str(target)])
    assert done.exit_code == 0, done.output
    return target


@pytest.fixture(scope="module")
def wheel(released: Path) -> Path:
    return next(released.glob("*.whl"))


def test_the_same_bytes_come_of_the_source_archive_in_another_place_time_and_by_another_user(
    released: Path, wheel: Path, tmp_path: Path
) -> None:
    (archive,) = released.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "a folder elsewhere", filter="data")
    (unpacked,) = (tmp_path / "a folder elsewhere").iterdir()
    for path in unpacked.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (1_500_000_000, 1_500_000_000))
    subprocess.run(
        [sys.executable, "-c", BUILD, unpacked, tmp_path / "made"],
        cwd=ROOT,
        env={**os.environ, **ELSEWHERE},
        umask=0o077,
        check=True,
        timeout=200,
    )
    assert {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()} == {
        path.name: path.read_bytes() for path in (archive, wheel)
    }


def test_nothing_of_the_machine_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (extension,) = (packed.read(name) for name in packed.namelist() if name.endswith(".so"))
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for place in (str(ROOT), sys.base_prefix, "/tmp"):
        assert place.encode() not in extension
    assert b".debug_info" not in extension


def test_what_lies_beside_the_commit_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set[str]()

    def look(source: Path, _: Path) -> None:
        found.update(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
        raise SystemExit("looked at")

    monkeypatch.setattr("tools.release.__main__.build", look)
    assert CliRunner().invoke(main, ["build", str(tmp_path / "dist")]).exit_code == 1
    listed = ["git", "ls-tree", "-r", "-z", "--name-only", "HEAD"]
    kept = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert found == {*kept.split("\0")} - {""}


def test_a_wheel_judges_by_the_base_policy_on_its_own(wheel: Path, tmp_path: Path) -> None:
    """What is installed from a wheel works without the checkout: the base policy and the plugin are in it."""
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    question = json.dumps({"id": "1", "tool": "exec", "params": {"command": "rm -rf /"}})
    answer = subprocess.run(
        [sys.executable, "-c", "from safety_core.cli.main import main; main()", "classify"],
        input=question,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert json.loads(answer.stdout)["level"] == "critical_red"
    assert (installed / "safety_core" / "_policies" / "matrix.yaml").is_file()
    assert (installed / "hub" / "migrations").is_dir()
    plugin = installed / "safety_core" / "_openclaw"
    assert (plugin / "openclaw.plugin.json").is_file()
    assert not (plugin / "test").exists()


def test_the_bill_names_every_file_that_is_not_python_and_every_package(released: Path, wheel: Path) -> None:
    bill = json.loads((released / "sbom.cdx.json").read_text())
    assert bill["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    inside = {part["name"]: part for part in bill["metadata"]["component"]["components"]}
    with zipfile.ZipFile(wheel) as packed:
        for name in packed.namelist():
            if name.endswith((".so", ".c", ".js", ".css", ".webmanifest", ".rego")):
                assert inside[name]["hashes"][0]["content"] == hashlib.sha256(packed.read(name)).hexdigest()
    assert inside["safety-gateway-openclaw"]["purl"].startswith("pkg:npm/")
    pins = {**read(ROOT / "requirements/edge.lock"), **read(ROOT / "requirements/hub.lock")}
    listed = {part["name"]: part for part in bill["components"]}
    assert set(listed) == set(pins)
    assert {one["content"] for one in listed["aiohttp"]["hashes"]} == pins["aiohttp"].hashes
    (below,) = (edge["dependsOn"] for edge in bill["dependencies"] if edge["ref"].startswith("aiohttp@"))
    assert f"yarl@{pins['yarl'].version}" in below
    assert {one["name"] for one in bill["metadata"]["properties"]} == {
        f"built-with:{tool}" for tool in ("compiler", "interpreter", "setuptools", "zlib")
    }


@pytest.fixture
def signed(released: Path, tmp_path: Path) -> Path:
    """The release, signed by a key that is made here; beside it what a stranger has: the page and the public key."""
    target = tmp_path / "dist"
    target.mkdir()
    for path in released.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    key = make_key(tmp_path / "key")
    done = CliRunner().invoke(main, ["sign", str(target), "--key", str(key)])
    assert done.exit_code == 0, done.output
    allow(key, target)
    return target


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path


def allow(key: Path, target: Path) -> None:
    (target / "allowed_signers").write_text(f"safety-gateway {key.with_suffix('.pub').read_text()}")


def verify(target: Path) -> int:
    """What SECURITY.md tells strangers to type."""
    (shown,) = re.findall(r"```sh\n(ssh-keygen -Y verify .*?)```", (ROOT / "SECURITY.md").read_text(), re.DOTALL)
    return subprocess.run(["sh", "-ec", shown], cwd=target, capture_output=True, check=False).returncode


def test_what_was_released_verifies(signed: Path) -> None:
    assert verify(signed) == 0


def swap(target: Path) -> None:
    (path,) = target.glob("*.whl")
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def swap_and_sum(target: Path) -> None:
    swap(target)
    files = sorted(path.name for path in target.iterdir() if not path.name.startswith(("SHA", "allowed")))
    summed = subprocess.run(["sha256sum", *files], cwd=target, capture_output=True, check=True).stdout
    (target / "SHA256SUMS").write_bytes(summed)


def lose(target: Path) -> None:
    (target / "edge.lock").unlink()


def sign_by_another(target: Path) -> None:
    key = make_key(target.parent / "another")
    (target / "SHA256SUMS.sig").unlink()
    assert CliRunner().invoke(main, ["sign", str(target), "--key", str(key)]).exit_code == 0


def sign_for_something_else(target: Path) -> None:
    (target / "SHA256SUMS.sig").unlink()
    key = target.parent / "key"
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key, target / "SHA256SUMS"], check=True)


def lose_the_signature(target: Path) -> None:
    (target / "SHA256SUMS.sig").unlink()


@pytest.mark.parametrize(
    "attack", [swap, swap_and_sum, lose, sign_by_another, sign_for_something_else, lose_the_signature]
)
def test_anything_else_is_refused(signed: Path, attack: Callable[[Path], None]) -> None:
    attack(signed)
    assert verify(signed) != 0


def test_what_was_changed_since_it_was_built_is_not_signed(signed: Path) -> None:
    (signed / "SHA256SUMS.sig").unlink()
    swap(signed)
    refused = CliRunner().invoke(main, ["sign", str(signed), "--key", str(signed.parent / "key")])
    assert refused.exit_code == 1
    assert not (signed / "SHA256SUMS.sig").exists()


def test_a_folder_with_something_in_it_is_not_built_into(tmp_path: Path) -> None:
    (tmp_path / "stray.whl").touch()
    refused = CliRunner().invoke(main, ["build", str(tmp_path)])
    assert refused.exit_code == 1
    assert "is not empty" in str(refused.output) + str(refused.exception)
