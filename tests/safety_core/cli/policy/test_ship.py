"""`safety policy`: from a folder of sources to a bundle that an edge trusts."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from safety_core.bundle.archive import pack
from safety_core.bundle.sign import sign_files
from safety_core.bundle.source import compile_bundle
from safety_core.bundle.trust import Known, Update, refresh
from safety_core.cli.policy.command import policy
from safety_core.edge.bundles import replay
from safety_core.edge.publish import upload
from safety_core.edge.shipped import load_folder
from safety_core.edge.signing_keys import BUNDLE_KEY
from safety_core.errors import InputError, PolicyError, RefusedError, SafetyError, UnavailableError, UnprovenError
from tests.simulators.repository import SOURCES, rule

TEST = b"""\
package safety.rules.deletes_test

import rego.v1

test_deleting_is_red if {
	facts := {"actions": [{"kind": "destroy", "targets": [{"value": "/x"}]}]}
	data.safety.rules.deletes.hits == {{"level": "red", "reason": "deletes /x"}} with input as facts
}

test_reading_is_nothing if count(data.safety.rules.deletes.hits) == 0 with input as {"actions": []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "policies", {**SOURCES, "rules/deletes/deletes_test.rego": TEST})
    return tmp_path


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)


def run(folder: Path, *arguments: str) -> Result:
    """Run a command in which @name stands for a path in the folder; errors come out as they are."""
    told = [str(folder / word[1:]) if word.startswith("@") else word for word in arguments]
    return CliRunner().invoke(policy, told, catch_exceptions=False, standalone_mode=False)


def trusted(folder: Path, tenant: str = "one") -> Update:
    root = (folder / "keys/root.json").read_bytes()
    repository = folder / "repository"
    files = {path.relative_to(repository).as_posix(): path.read_bytes() for path in repository.rglob("*.*")}
    return replay(refresh(Known((root,)), tenant=tenant, now=time.time()), files.get)


def publish(folder: Path, *more: str) -> Result:
    return run(folder, "publish", *more, "--keys", "@keys", "--repository", "@repository")


def released(folder: Path) -> Path:
    run(folder, "keys", "@keys")
    run(folder, "build", "--policies", "@policies", "--tenant", "one", "-o", "@one.tar.gz")
    run(folder, "sign", "@one.tar.gz", "--keys", "@keys")
    publish(folder, "@one.tar.gz")
    return folder


def test_the_whole_way_ends_in_a_bundle_that_an_edge_trusts(folder: Path) -> None:
    released(folder)
    first = trusted(folder)
    assert (first.bundle.policy.tenant, first.bundle.policy.version) == ("one", 1)
    write(folder / "policies", {"hosts.yaml": b"known: []\n"})
    run(folder, "build", "--policies", "@policies", "--tenant", "one", "-o", "@two.tar.gz")
    run(folder, "sign", "@two.tar.gz", "--keys", "@keys")
    assert "is version 2" in publish(folder, "@two.tar.gz").output
    assert trusted(folder).bundle.revision != first.bundle.revision
    assert "is version 2" in publish(folder, "--renew").output
    assert {path.name for path in (folder / "repository/snapshot").iterdir()} == {"1.json", "2.json", "3.json"}


def test_keys_are_this_users_alone_and_never_overwritten(folder: Path) -> None:
    run(folder, "keys", "@keys", "--root", "1", "--root-threshold", "1", "--targets", "2", "--targets-threshold", "2")
    keys = folder / "keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    assert len(list(keys.glob("targets-*.key"))) == 2
    with pytest.raises(InputError, match="is not empty"):
        run(folder, "keys", "@keys")
    with pytest.raises(InputError, match="must lie in 1 to 1"):
        run(folder, "keys", "@other", "--root", "1", "--root-threshold", "2")


def test_too_few_keys_publish_nothing(folder: Path) -> None:
    released(folder)
    for number in (1, 2):
        (folder / f"keys/targets-{number}.key").unlink()
    before = {path: path.read_bytes() for path in (folder / "repository").rglob("*.*")}
    with pytest.raises(SafetyError, match="by 1 of the 2 keys"):
        publish(folder, "@one.tar.gz")
    assert {path: path.read_bytes() for path in (folder / "repository").rglob("*.*")} == before


def test_what_is_not_signed_is_not_published(folder: Path) -> None:
    run(folder, "keys", "@keys")
    run(folder, "build", "--policies", "@policies", "--tenant", "one", "-o", "@one.tar.gz")
    with pytest.raises(SafetyError, match="signature: is missing"):
        publish(folder, "@one.tar.gz")
    assert not (folder / "repository").exists()


@pytest.mark.parametrize(
    "more", [[], ["@one.tar.gz", "--renew"], ["--renew", "--hub", "http://127.0.0.1:9"], ["--renew"], ["@no"]]
)
def test_publish_says_what_it_needs(folder: Path, more: list[str]) -> None:
    run(folder, "keys", "@keys")
    with pytest.raises(InputError):
        publish(folder, *more)


def test_check_says_what_there_is(folder: Path) -> None:
    assert "1 rules, 1 floors" in run(folder, "check", "--policies", "@policies").output
    write(folder / "policies", {"rules/b/b.rego": rule("b", "x := time.now_ns()")})
    with pytest.raises(PolicyError, match=r"rules/b/b\.rego:11?0?: calls time\.now_ns"):
        run(folder, "check", "--policies", "@policies")
    write(folder / "policies", {"rules/b/b.rego": rule("b", "some x in")})
    with pytest.raises(PolicyError, match=r"rules/b/b\.rego:\d+: does not load, column \d+: .*Fix: mend the Rego"):
        run(folder, "check", "--policies", "@policies")
    (folder / "empty").mkdir()
    with pytest.raises(PolicyError, match="holds no policy"):
        run(folder, "check", "--policies", "@empty")


BROKEN = b"patterns:\n  - id: shop\n    title: Shop\n    expression: '(?<![A-Za-z0-9)abc'\n"


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (BROKEN, r"patterns/shop\.yaml:4: pattern shop is not a regular expression"),
        (b"patterns:\n  - {id: a, title: A, expression: abc}\n  - id: shop\n    title: Shop\n    expression: abc\n"
         b"    check: nothing_like_it\n", r"patterns/shop\.yaml:6: pattern shop names a check that does not exist"),
        (b"patterns:\n  - {id: shop, title: Shop, expression: 'a*'}\n", r"shop\.yaml:2: pattern shop matches"),
        (b"patterns:\n  - id: shop\n    title: Shop\n    near: shop\n    value: '[0-9]{20}'\n    must_match:\n"
         b"      - shop key = {20 digit}\n      - shop key = {19 digit}\n", r"shop\.yaml:8: a sample of pattern"),
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_shown_where_it_is_written(folder: Path, pattern: bytes, told: str) -> None:
    write(folder / "policies", {"patterns/shop.yaml": pattern})
    for command in (["check"], ["build", "--tenant", "one", "-o", "@one.tar.gz"]):
        with pytest.raises(PolicyError, match=told):
            run(folder, *command, "--policies", "@policies")
    assert not (folder / "one.tar.gz").exists()


def test_a_bundle_with_a_wrong_pattern_is_neither_signed_nor_published(folder: Path) -> None:
    write(folder / "policies", {"patterns/shop.yaml": BROKEN})
    files = compile_bundle(load_folder(folder / "policies"), tenant="one")[0]
    run(folder, "keys", "@keys")
    (folder / "one.tar.gz").write_bytes(pack(files))
    with pytest.raises(UnprovenError, match="pattern shop: is not a regular expression"):
        run(folder, "sign", "@one.tar.gz", "--keys", "@keys")
    key = (folder / "keys" / BUNDLE_KEY).read_bytes()
    (folder / "one.tar.gz").write_bytes(pack(sign_files(files, key, scope="one")))
    with pytest.raises(UnprovenError, match="pattern shop: is not a regular expression"):
        publish(folder, "@one.tar.gz")
    assert not (folder / "repository").exists()


def test_rules_are_tested(folder: Path) -> None:
    assert run(folder, "test", "--policies", "@policies").output == "2 of 2 tests passed\n"
    failing = b"\ntest_wrong if 1 == 2\n\ntest_errs if to_number(`x`) == 1\n"
    write(folder / "policies", {"rules/deletes/deletes_test.rego": TEST + failing})
    result = run(folder, "test", "--policies", "@policies")
    assert result.return_value == 1
    assert "_test.rego:" in result.output
    assert "_test.rego:12: test_wrong is not true" in result.output
    assert "2 of 4 tests passed" in result.output


def test_golden_vectors_are_what_the_rules_say_now(folder: Path) -> None:
    facts = {"actions": [{"kind": "destroy", "subject": "rm", "targets": [{"value": "/x"}]}]}
    (folder / "answers").write_text(json.dumps({"id": "1", "facts": facts}) + "\n\n")
    result = run(folder, "golden", "--policies", "@policies", "@answers")
    assert result.output.count("deletes /x") == 1
    write(folder / "policies", {"golden.jsonl": result.stdout_bytes})
    assert "1 golden vectors" in run(folder, "check", "--policies", "@policies").output
    (folder / "answers").write_text("{}")
    with pytest.raises(InputError, match=r"facts: is missing"):
        run(folder, "golden", "--policies", "@policies", "@answers")


@pytest.mark.parametrize(
    ("raw", "words"),
    [(None, "has no test"), (b"package a\n", "holds no test"), (b"package a\ntest_x if {", "does not load")],
)
def test_a_rule_without_a_test_is_refused(folder: Path, raw: bytes | None, words: str) -> None:
    path = folder / "policies/rules/deletes/deletes_test.rego"
    path.unlink() if raw is None else path.write_bytes(raw)
    with pytest.raises(PolicyError, match=words):
        run(folder, "test", "--policies", "@policies")


class Hub:
    """Takes a publication as the hub's interface says."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.status = 200
        self.url = ""

    async def put(self, request: web.Request) -> web.Response:
        if self.status != 200 or request.headers["Authorization"] != "Bearer token":
            body = {"error": {"thing": "token", "reason": "is not known", "fix": ""}}
            return web.json_response(
                body if self.status < 404 else None, status=self.status if self.status != 200 else 403
            )
        with tarfile.open(fileobj=io.BytesIO(await request.read()), mode="r:") as archive:
            self.names = archive.getnames()
        return web.json_response({"files": len(self.names), "new": 1})


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    taken = Hub()
    app = web.Application()
    app.router.add_put("/v1/tenants/one/repository", taken.put)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taken.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield taken
    await runner.cleanup()


async def test_the_hub_gets_everything_that_leads_to_the_bundle_the_timestamp_last(folder: Path, hub: Hub) -> None:
    files = {"timestamp.json": b"1", "bundles/ab.tar.gz": b"2", "root/1.json": b"3", "targets/1.json": b"4"}
    await upload(hub.url + "/", "one", "token", files)
    assert hub.names == ["bundles/ab.tar.gz", "root/1.json", "targets/1.json", "timestamp.json"]


async def test_a_hub_that_refuses_or_is_away_is_named(hub: Hub) -> None:
    with pytest.raises(RefusedError, match="is not known"):
        await upload(hub.url, "one", "wrong", {})
    hub.status = 409
    with pytest.raises(RefusedError, match="answered 409"):
        await upload(hub.url, "one", "token", {})
    hub.status = 500
    with pytest.raises(UnavailableError, match="answered 500"):
        await upload(hub.url, "one", "token", {})
    hub.status = 202
    with pytest.raises(UnavailableError, match="no hub's"):
        await upload(hub.url, "one", "token", {})
    with pytest.raises(UnavailableError, match="did not answer"):
        await upload("http://127.0.0.1:9", "one", "token", {})
    with pytest.raises(InputError, match="must be https"):
        await upload("http://hub.example", "one", "token", {})


@pytest.mark.parametrize("command", [["check"], ["test"], ["build", "--tenant", "one", "-o", "@bundle.tar.gz"]])
def test_a_misspelt_catalogue_entry_is_named_with_its_line(folder: Path, command: list[str]) -> None:
    write(
        folder / "policies",
        {"catalogue/own.yaml": b"programs:\n  till:\n    words: opens the till\n    efect: write\n"},
    )
    with pytest.raises(PolicyError) as caught:
        run(folder, *command, "--policies", "@policies")
    assert (caught.value.thing, caught.value.fix) == ("catalogue/own.yaml:4", "write effect")
