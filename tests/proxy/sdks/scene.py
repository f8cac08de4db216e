"""The edge's egress with every provider that an official SDK talks to, on a real socket before a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from proxy.egress.app import EgressApp, Limits, Terms
from proxy.settings import Provider
from safety_core.cli.demo.model import Model, Received, Reply, Script
from safety_core.flow.egress_effects import Afford
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor
from tests.proxy.egress.setting import CLIENTS, Books, served
from tests.simulators.bedrock import VAULT
from tests.simulators.prompt_world import KEY, SECRETS

NAMES = ("openai", "anthropic", "gemini", "ollama", "bedrock")
AWS = SecretName("BEDROCK_KEY")
PATTERNS = PatternSet([Pattern("nimbus-key", "Nimbus key", "nbk_[A-Za-z0-9]{20}")])


def knowing(secrets: Mapping[SecretName, str]) -> Redactor:
    """Return a redactor that knows these secrets, and one provider's pattern."""
    return Redactor(
        Matcher(Registry({name: SecretValue(value) for name, value in secrets.items()}), PATTERNS), b"k" * 32
    )


REDACTOR = knowing({**SECRETS, AWS: VAULT})


@dataclass
class Scene:
    """A running egress at `url`, with the model behind it and the books beside it.

    Attributes:
        afford: what the budgets say; raises where one is used up.
        admit: what the kill switch says.
        redactor: which secrets are known.
    """

    url: str
    model: Model
    books: Books
    afford: Callable[[Afford], None] = lambda effect: None
    admit: Callable[[AgentId], None] = lambda agent: None
    redactor: Redactor = REDACTOR

    def play(self, script: Script) -> None:
        """Let the model answer by this script from now on."""
        self.model.script = script


def _silent(request: Received) -> Reply:
    return Reply(500)


@asynccontextmanager
async def scene(**limits: Any) -> AsyncGenerator[Scene, None]:
    """Run the model and the egress. `limits`: fields of Limits."""
    books = Books()
    books.vault[AWS] = SecretValue(VAULT)
    async with Model(_silent) as model:
        here = Scene("", model, books)

        def afford(effect: Afford) -> None:
            here.afford(effect)

        def admit(agent: AgentId) -> None:
            here.admit(agent)

        async def known() -> Redactor:
            return here.redactor

        work = {**books.handlers(), Afford: afford}
        providers = [Provider(name, name, model.url, AWS if name == "bedrock" else KEY, True) for name in NAMES]
        terms = Terms(admit=admit, limits=Limits(**limits))
        app = EgressApp(providers, CLIENTS, redactor=known, handlers=work, terms=terms)
        async with served(app) as here.url:
            yield here
        await app.aclose()


def stalled(script: Script, chunks: int) -> Script:
    """Play so many chunks of a script's answer, and then nothing any more."""

    def script_until(request: Received) -> Reply:
        reply = script(request)
        return Reply(reply.status, reply.headers, [*reply.chunks[:chunks], asyncio.Event()])

    return script_until


def gone(request: Received) -> Reply:
    """Close the connection without an answer."""
    raise ConnectionResetError
