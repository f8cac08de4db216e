"""`safety policy root`: another year, other keys, and no key lost on the way."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safety_core.bundle import roles
from safety_core.bundle.trust import Known, Update, refresh
from safety_core.cli.policy import root as command
from safety_core.cli.policy.command import policy
from safety_core.cli.policy.shipping import Author, Line
from safety_core.edge.bundles import replay
from safety_core.edge.publish import FIRST_ROOT
from safety_core.edge.signing_keys import draw_keys, newest_root, read_signers
from safety_core.errors import InputError, UnavailableError, UnderSignedError
from tests.simulators.repository import release

TENANT = "tenant-one"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    """A tenant for whom a policy is published."""
    run(tmp_path, "keys")
    made = Line(tmp_path / "repositories" / TENANT, TENANT)
    made.make(author(made), release())
    return made


def run(folder: Path, *words: str) -> Result:
    told = [*words, str(folder / "keys")] if words == ("keys",) else [*words, "--keys", str(folder / "keys")]
    return CliRunner().invoke(policy, told, catch_exceptions=False, standalone_mode=False)


def keys_of(line: Line) -> Path:
    return line.folder.parents[1] / "keys"


def author(line: Line) -> Author:
    return Author(keys_of(line))


def sign(line: Line, *replaced: str) -> Result:
    return run(keys_of(line).parent, "root", *(word for role in replaced for word in ("--replace", role)))


def as_an_edge(line: Line) -> Update:
    """Follow the repository from the root that was pinned first."""
    pinned = (keys_of(line) / "root.json").read_bytes()
    return replay(refresh(Known((pinned,)), tenant=TENANT, now=time.time()), line.get)


def in_force(line: Line) -> int:
    return as_an_edge(line).bundle.policy.version


def test_the_same_keys_count_for_another_year(line: Line) -> None:
    before = newest_root(keys_of(line))
    for lost in ("root-3", "targets-3"):  # a key that is not at hand keeps its place
        (keys_of(line) / f"{lost}.key").unlink()
    assert "root/2.json: good until" in sign(line).output
    after = newest_root(keys_of(line))
    assert (after.version, after.roles, after.keys) == (2, before.roles, before.keys)
    line.renew(author(line))
    assert "root/2.json" in as_an_edge(line).files
    assert in_force(line) == 1


@pytest.mark.parametrize(
    ("replaced", "version"),
    [(("targets",), 2), (("snapshot",), 1), (("timestamp", "timestamp"), 1), (("root",), 1), (roles.ROLES, 2)],
)
def test_new_keys_take_the_place_of_old_ones(line: Line, replaced: tuple[str, ...], version: int) -> None:
    folder = keys_of(line)
    old = {path.name: path.read_bytes() for path in folder.glob("*.key")}
    before = read_signers(folder)
    sign(line, *replaced)
    kept = {path.name.removesuffix(".before-root-2"): path.read_bytes() for path in folder.glob("*.key*")}
    assert old.items() <= kept.items()
    for role, signers in read_signers(folder).items():
        ids = {one.public_key.keyid for one in signers} & {one.public_key.keyid for one in before[role]}
        assert (len(signers), not ids) == (len(before[role]), role in replaced)
    line.renew(author(line))
    assert in_force(line) == version
    newcomer = Line(line.folder.with_name("tenant-two"), "tenant-two").make(author(line), release("calm", "tenant-two"))
    assert "root/2.json" in newcomer.files
    sign(line)  # by the new root keys, where these are new
    line.renew(author(line))
    assert in_force(line) == version


def test_what_waits_is_not_signed_anew_by_itself(line: Line) -> None:
    waiting = Line(line.folder, TENANT, "a" * 32)
    waiting.make(author(line), release("other"))
    sign(line, "targets")
    with pytest.raises(UnderSignedError):
        waiting.renew(author(line))


def test_too_few_root_keys_draw_and_sign_nothing(line: Line) -> None:
    folder = keys_of(line)
    for number in (1, 2):
        (folder / f"root-{number}.key").unlink()
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError, match="1 of the 2 root keys"):
        sign(line, "targets")
    assert sorted(folder.rglob("*")) == before
    (folder / "root.json").unlink()
    with pytest.raises(InputError, match=r"root\.json"):
        sign(line)


@pytest.mark.parametrize("step", ["next_root", "replace_file", "set_aside"])
def test_a_kill_between_two_steps_loses_no_key(line: Line, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def killed(*_: object) -> None:
        raise UnavailableError("power", "is off")

    folder = keys_of(line)
    draw_keys(folder, "targets", 1)  # of a run that was killed even before
    with monkeypatch.context() as patched:
        patched.setattr(command, step, killed)
        with pytest.raises(UnavailableError, match="power"):
            sign(line, "targets", "root")
    line.renew(author(line))
    as_an_edge(line)
    sign(line, "targets")
    line.renew(author(line))
    as_an_edge(line)
    named = {keyid for role in newest_root(folder).roles.values() for keyid in role.keyids}
    assert {one.public_key.keyid for signers in read_signers(folder).values() for one in signers} == named
    assert len([*folder.glob("targets-*.key")]) == 3


def test_keys_of_somebody_else_change_nothing(line: Line, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run(other, "keys")
    with pytest.raises(InputError, match="is not that of"):
        line.renew(Author(other / "keys"))


@pytest.mark.parametrize(("days", "told"), [(61, False), (59, True)])
def test_the_end_is_told_sixty_days_before(line: Line, monkeypatch: pytest.MonkeyPatch, days: int, told: bool) -> None:
    monkeypatch.setattr(roles, "ROOT_LIFE", timedelta(days=days))
    sign(line)
    files = line.renew(author(line)).files
    assert ("`safety policy root`" in command.reminder({FIRST_ROOT: line.get(FIRST_ROOT) or b"", **files})) is told
    done = run(keys_of(line).parent, "publish", "--renew", "--repository", str(line.folder))
    assert ("the root of policy ends on" in done.stderr, "is version 1" in done.stdout) == (told, True)
