"""May this client reach that host, and how: the policy in force, the kill switch, and the providers of the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from proxy.errors import ForwardRefusedError
from proxy.forward.target import Target
from proxy.providers.dialects import HOSTS
from proxy.settings import Provider
from safety_core.model.forward import ForwardPolicy, ForwardRule, How
from safety_core.model.tool_call import AgentId

_LLM_HOSTS: Final = frozenset(filter(None, (urlsplit(url).hostname for url in HOSTS.values())))
_LLM_NAMES: Final = re.compile(r"[\w-]+\.openai\.azure\.com|bedrock-runtime(?:-fips)?\.[\w-]+\.amazonaws\.com(?:\.cn)?")
"""Providers whose host has a name for each customer or region."""

Providers = Mapping[str, tuple[Provider, ...]]
"""LLM providers by the host of their base URL, in lower case."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for.

    Attributes:
        connect: by CONNECT, or within one; otherwise by an http:// URL.
        method: of the request, empty where it is not known yet.
    """

    agent: AgentId
    target: Target
    connect: bool
    method: str = ""


class Permission:
    """Answers by what is in force at the moment.

    Args:
        policy: returns the policy in force, or raises a SafetyError.
        admit: raises a SafetyError where this agent may do nothing now.
    """

    def __init__(
        self, policy: Callable[[], ForwardPolicy], admit: Callable[[AgentId], None], providers: Providers
    ) -> None:
        self._policy = policy
        self._admit = admit
        self.providers = providers

    def rule(self, wish: Wish) -> ForwardRule:
        """Return the rule by which a wish is granted.

        Raises:
            SafetyError: it is not, with the reason.
        """
        self._admit(wish.agent)
        where, rules = str(wish.target), self._listed(wish.target)
        rule = next((one for one in rules if one.agents is None or wish.agent in one.agents), None)
        if rule is None:
            raise _refused(where, f"is not listed for {wish.agent}", "add it to agents of the entry in egress.yaml")
        if wish.connect is (rule.how is How.PLAIN):
            way = "by http:// URLs alone, without CONNECT" if wish.connect else "by https:// alone"
            raise _refused(where, f"is listed, but reached {way}", "change the URL, or how in egress.yaml")
        if wish.method and rule.methods is not None and wish.method not in rule.methods:
            raise _refused(
                where, f"is not listed for {wish.method[:20]}", f"listed are {', '.join(sorted(rule.methods))}"
            )
        if wish.target.host not in self.providers and is_llm_host(wish.target.host):
            fix = "add it to [egress.providers], and intercept it or use the egress"
            raise _refused(
                where, "is an LLM provider that the edge's settings do not list: nothing would meter it", fix
            )
        if rule.how is How.TUNNEL and wish.target.host in self.providers:
            fix = "use the egress, or write how: intercept"
            raise _refused(where, "is an LLM provider: no tunnel goes past redaction and the meter", fix)
        return rule

    def _listed(self, target: Target) -> tuple[ForwardRule, ...]:
        policy, where = self._policy(), str(target)
        if target.literal:
            raise _refused(where, "is an address; hosts are reached by the name that is listed", "use its name")
        rules = policy.find(target.host, target.port)
        if not rules and policy.covers(target.host):
            raise _refused(
                where, f"is not listed with port {target.port}", "add it to ports of the entry in egress.yaml"
            )
        if not rules:
            raise _refused(
                where, "is not listed for the forward proxy", "have it added to egress.yaml, if it is needed"
            )
        return rules


def is_llm_host(host: str) -> bool:
    """Tell whether a host is known as that of an LLM provider, whether the settings list it or not."""
    return host in _LLM_HOSTS or bool(_LLM_NAMES.fullmatch(host))


def by_host(providers: Iterable[Provider]) -> Providers:
    """Return the providers by the host of their base URL."""
    found: dict[str, tuple[Provider, ...]] = {}
    for provider in providers:
        host = urlsplit(provider.base_url).hostname or ""
        found[host] = (*found.get(host, ()), provider)
    return found


def _refused(thing: str, reason: str, fix: str) -> ForwardRefusedError:
    return ForwardRefusedError(thing, reason, fix)
