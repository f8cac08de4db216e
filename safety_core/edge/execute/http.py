"""One request to a host outside: no redirects, no proxy of the environment, no way into this machine or its network.

The host's name is read by two parsers that must agree, looked up once, every address of it checked, and the connection
made to a checked address (the name still stands in `Host` and in TLS): a second look-up cannot lead elsewhere. Only a
service that the operator has connected may lie near by.

What was to change something and was cut off once it was on its way is uncertain: nobody knows whether it came about.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

import ada_url
import httpx2

from safety_core.edge.exchange import exchange
from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.sending import Sending, trusted, why
from safety_core.edge.execute.shown import shown_headers
from safety_core.edge.fill import fill
from safety_core.edge.lookup import looked_up, service_addresses
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue, references
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import HttpPlan

HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
VALUE: Final = re.compile(r"[\x20-\x7e\x80-\xff\t]*")
OURS: Final = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "upgrade", "te", "trailer"}
)
"""Headers that say how the message is carried; a call cannot set them."""
AUTHORITY: Final = re.compile(r"[/?#]")


async def run_http(
    plan: HttpPlan, values: Mapping[SecretName, SecretValue], limits: Limits, key: str = ""
) -> ToolResult:
    """Send the request; return the response's body and status.

    Args:
        key: the same for each try of one intended act; a service that knows such keys does it once.

    Raises:
        ExecutionError: where it leads is not allowed, or no whole response came in time.
        UncertainError: ... and it may have changed something all the same.
    """
    url = _url(plan.url, values)
    body = _body(plan, values).encode()
    headers = _headers(plan, values) + shown_headers(plan, values, body, key)
    sending = Sending(plan, f"connection {plan.access.connection}" if plan.access else f"request to {url.host}")
    try:
        async with asyncio.timeout(plan.timeout):
            addresses = await _addresses(url, plan, limits, sending.thing)
            usual: dict[str, Any] = {"trust_env": False, "follow_redirects": False, "timeout": plan.timeout}
            async with httpx2.AsyncClient(verify=trusted(plan), **usual) as client:
                extensions = {"sni_hostname": _host(url), "trace": sending.noted}
                request = client.build_request(plan.method, url, headers=headers, content=body, extensions=extensions)
                answer = await exchange(client, request, addresses, limits.output)
    except TimeoutError:
        raise sending.failure(f"did not answer in {plan.timeout:g} seconds") from None
    except ExecutionError as error:
        raise sending.failure(error.reason, error.fix) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise sending.failure(f"did not come about ({why(error)})") from None
    return sending.told(answer)


async def _addresses(url: httpx2.URL, plan: HttpPlan, limits: Limits, thing: str) -> list[str]:
    port = url.port or (443 if url.scheme == "https" else 80)
    if plan.access is None:
        return await looked_up(thing, _host(url), port, near=_host(url) in limits.allow_hosts)
    return await service_addresses(plan.access.connection, _host(url), port, private=plan.access.private)


def _url(template: str, values: Mapping[SecretName, SecretValue]) -> httpx2.URL:
    """Return the URL with its references filled in, percent-encoded; they may stand behind the host only."""
    try:
        if re.search(r"[\x00-\x20\\]", template) or references(AUTHORITY.split(template, 3)[2]):
            raise ValueError
        filled = fill(template, values, lambda value: quote(value, safe=""))
        ours, theirs = httpx2.URL(filled), ada_url.URL(filled)
        if ours.scheme not in {"http", "https"} or ours.userinfo or theirs.hostname.strip("[]") != _host(ours):
            raise ValueError
    except (ValueError, IndexError, httpx2.InvalidURL):
        reason = "is not a plain http(s) URL with a host of its own"
        raise ExecutionError("the URL", reason, "put secrets into a header, not into the host's name") from None
    return ours


def _host(url: httpx2.URL) -> str:
    """Return the host as it is looked up, in ASCII."""
    return url.raw_host.decode("ascii")


def _headers(plan: HttpPlan, values: Mapping[SecretName, SecretValue]) -> list[tuple[str, str]]:
    headers = [("User-Agent", "safety-gateway"), ("Accept", "*/*"), ("Accept-Encoding", "identity")]
    for name, template in plan.headers:
        value = fill(template, values)
        if not HEADER.fullmatch(name) or name.lower() in OURS or not VALUE.fullmatch(value):
            raise ExecutionError(f"header {name[:40]!r}", "cannot be sent")
        headers = [header for header in headers if header[0].lower() != name.lower()] + [(name, value)]
    return headers


def _body(plan: HttpPlan, values: Mapping[SecretName, SecretValue]) -> str:
    """Return the body; a value in a form or in JSON is written in that notation, so that it cannot break out of it."""
    kind = next((value.lower() for name, value in plan.headers if name.lower() == "content-type"), "")
    if "x-www-form-urlencoded" in kind:
        return fill(plan.body, values, quote_plus)
    try:
        json.loads(plan.body)
    except ValueError:
        return fill(plan.body, values)
    return fill(plan.body, values, lambda value: json.dumps(value)[1:-1])
