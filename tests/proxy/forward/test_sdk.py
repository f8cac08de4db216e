"""A provider's own SDK, told of nothing but a proxy and a certificate, is redacted and metered like any client of the
egress."""

from __future__ import annotations

import sys
from pathlib import Path

from proxy.egress.app import EgressApp, Terms
from proxy.settings import Provider
from safety_core.cli.demo.answers import say
from safety_core.cli.demo.model import Model
from safety_core.model.forward import ForwardRule, How
from tests.proxy.egress.setting import Books, known
from tests.proxy.forward.setting import CLIENTS, forwarding, made_up_ca, run
from tests.simulators.prompt_world import KEY, SECRETS

PASSWORD = next(iter(SECRETS.values()))
SCRIPT = """
import openai, sys
client = openai.OpenAI(base_url="https://llm.test/v1", api_key="sk-of-its-own", max_retries=0)
said = client.chat.completions.create(model="m", messages=[{"role": "user", "content": sys.argv[1]}], stream=True)
print("".join(part.choices[0].delta.content or "" for part in said if part.choices))
"""


async def test_openai_streams_through_interception(tmp_path: Path) -> None:
    books, rule = Books(), ForwardRule("llm.test", (443,), How.INTERCEPT)
    async with Model(say("all is well")) as model:
        local = Provider("openai", "openai", model.url, KEY, private=True)
        app = EgressApp([local], CLIENTS, redactor=known, handlers=books.handlers(), terms=Terms())
        told = Provider("openai", "openai", "https://llm.test", KEY)
        world = made_up_ca(tmp_path / "world")
        async with forwarding(tmp_path / "e", [rule], origin=world, providers=[told], egress=app) as setting:
            code, out, err = await run(
                sys.executable,
                "-c",
                SCRIPT,
                f"the password is {PASSWORD}",
                HTTPS_PROXY=setting.url,
                SSL_CERT_FILE=str(setting.ca),
            )
            assert (code, out) == (0, "all is well\n"), err
            assert setting.log == []  # the egress has a log of its own
        await app.aclose()
        (seen,) = model.requests
    assert seen.key == SECRETS[KEY]
    assert seen.json()["messages"][0]["content"] == "the password is SECRET_REF(DB_PASSWORD)"
    assert [meter.provider for meter in books.metered] == ["openai"]
