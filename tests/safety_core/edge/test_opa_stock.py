"""A stock Open Policy Agent loads and verifies our bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from safety_core.bundle.archive import pack
from safety_core.bundle.sign import KEY_ID, new_private_pem, public_pem, sign_files
from safety_core.bundle.source import compile_bundle
from safety_core.edge.opa import OpaEngine
from safety_core.edge.shipped import shipped_sources
from safety_core.errors import UnavailableError
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind, Zone
from tests.simulators.repository import rule
from tests.simulators.stock_opa import stock

KEY = new_private_pem()
CALL = Facts("exec", "a", (Action(Kind.DESTROY, "rm", "rm", (Target(TargetKind.PATH, "/\u00e9", Zone.ROOT),)),))


def _bundle(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    (folder / "bundle.tar.gz").write_bytes(pack(files))
    (folder / "public.pem").write_text(public_pem(KEY))
    return [
        "--bundle", str(folder / "bundle.tar.gz"), "--verification-key", str(folder / "public.pem"),
        "--verification-key-id", KEY_ID, "--signing-alg", "ES256", "--scope", "one",
    ]  # fmt: skip


async def test_a_stock_opa_verifies_our_signature(tmp_path: Path) -> None:
    files, bundle = compile_bundle(shipped_sources(), tenant="one")
    signed = sign_files(files, KEY, scope="one")
    with stock(tmp_path, *_bundle(tmp_path, signed)) as url:
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(f"{url}/v1/data/safety/answer", json={"input": CALL.to_json()})
        assert answer.json()["result"]["revision"] == bundle.revision


@pytest.mark.parametrize("scope", ["one", "two"])
async def test_a_stock_opa_refuses_what_we_refuse(tmp_path: Path, scope: str) -> None:
    files, _ = compile_bundle(shipped_sources(), tenant="one")
    signed = dict(sign_files(files, KEY, scope=scope))
    if scope == "one":
        signed["data.json"] = signed["data.json"].replace(b'"ask_strong"', b'"allow"', 1)
    with pytest.raises(RuntimeError, match="opa ended"), stock(tmp_path, *_bundle(tmp_path, signed)):
        await asyncio.sleep(0)
    log = (tmp_path / "opa.log").read_bytes()
    assert (b"data.json: digest mismatch" if scope == "one" else b"scope mismatch") in log


async def test_an_opa_that_was_started_with_the_bundle_judges_without_being_fed(tmp_path: Path) -> None:
    files, bundle = compile_bundle(shipped_sources(), tenant="one")
    _, other = compile_bundle({**shipped_sources(), "rules/a/a.rego": rule("a", "input.tool")}, tenant="one")
    with stock(tmp_path, *_bundle(tmp_path, sign_files(files, KEY, scope="one"))) as url:
        engine = OpaEngine(url, deadline=10)
        await engine.load(bundle)
        assert (await engine.judge(CALL)).hits
        with pytest.raises(UnavailableError):
            await engine.load(other)
        await engine.close()


async def test_an_opa_that_is_emptied_fed_by_somebody_else_or_ended_is_no_answer(tmp_path: Path) -> None:
    _, bundle = compile_bundle(shipped_sources(), tenant="one")
    with stock(tmp_path) as url:
        engine = OpaEngine(url, deadline=10)
        await engine.load(bundle)
        async with httpx2.AsyncClient(timeout=60) as client:
            (await client.delete(f"{url}/v1/policies/rules/deletes/deletes.rego")).raise_for_status()
            with pytest.raises(UnavailableError, match="result: is missing"):
                await engine.judge(CALL)
            lie = 'package safety\n\nanswer := {"hits": [], "revision": "theirs"}\n'
            (await client.put(f"{url}/v1/policies/safety/main.rego", content=lie)).raise_for_status()
            with pytest.raises(UnavailableError, match="another policy"):
                await engine.judge(CALL)
    with pytest.raises(UnavailableError, match="does not answer"):
        await engine.judge(CALL)
    await engine.close()


async def test_a_rule_that_errs_is_no_answer_there_either(tmp_path: Path) -> None:
    errs = rule("errs", "some action in input.actions; to_number(action.words) == 1", kinds="destroy")
    _, bundle = compile_bundle({**shipped_sources(), "rules/errs/errs.rego": errs}, tenant="one")
    with stock(tmp_path) as url:
        engine = OpaEngine(url, deadline=10)
        await engine.load(bundle)
        with pytest.raises(UnavailableError):
            await engine.judge(CALL)
        await engine.close()
