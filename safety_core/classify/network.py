"""Where a host or a recipient lies. Two URL readers must agree on the host, or it is unknown."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

import ada_url

from safety_core.classify.catalogue import Call, Service
from safety_core.classify.paths import HOLE
from safety_core.model.facts import Kind, Target, TargetKind, Zone

LOCAL_NAMES: Final = ("localhost", ".localhost", ".local", ".internal", ".lan", ".test")
METADATA: Final = frozenset({"metadata.google.internal", "metadata.goog", "100.100.100.200", "fd00:ec2::254"})
"""Where a cloud hands out a machine's own credentials, beside the link-local address that most use."""

LONG_QUERY: Final = 256
"""Characters of a URL after the host from which a read could carry data out."""


_ADDRESS: Final = re.compile(
    r"(?:(?:[a-z][a-z0-9+.-]*:)?//)?[^/?#]*?(?::(\d+))?(/[^?#]*)?(\?[^#]*)?(?:#|$)", re.IGNORECASE
)
"""Port, path and query of an address, with or without a scheme."""


def url_target(url: str) -> Target:
    """Return the host that `url` reaches; a URL without a scheme is read as http. Unknown where readers disagree."""
    if url.startswith("//"):
        url = f"http:{url}"
    if "://" not in url:
        url = f"http://{url}"
    try:
        strict, lenient = ada_url.URL(url).hostname, urlsplit(url).hostname
    except ValueError:
        host = url.split("://")[1].split("/")[0]
        return host_target(host) if HOLE in host else Target(TargetKind.HOST, host)
    if HOLE in url.split("://")[1].split("/")[0] or not strict or not _same(strict, lenient or ""):
        return Target(TargetKind.HOST, strict)
    return host_target(strict)


def _same(strict: str, lenient: str) -> bool:
    """Tell whether both readers mean one host; a number in an odd notation is read by the strict one alone."""
    host = strict.strip("[]").removesuffix(".")
    return host == lenient.removesuffix(".") or _address(host) is not None or host.startswith("xn--") or ".xn--" in host


def service_calls(services: Iterable[Service], method: str, url: str, body: str = "") -> list[Call]:
    """Return what a request does to a service that the catalogue knows; [] where it knows none.

    That a request which usually changes something only reads (POST /_search) is believed of this machine's services
    and of hosts that the catalogue names: another's path says nothing about what it does there.

    Args:
        body: what is sent, as far as it is known; a file (`@name`) is never a mere question.
    """
    target = url_target(url)
    match = _ADDRESS.match(url)
    port, path, query = (match[1] or "", match[2] or "/", match[3] or "") if match else ("", "/", "")
    found = list(_calls(services, method.upper(), target, port, (path, path + query)))
    graver = [call for call in found if call.spec.kind is not Kind.READ]
    if graver or "@" in body or re.search(r"\bmutation\b", body):
        return graver
    return found


def _calls(
    services: Iterable[Service], method: str, target: Target, port: str, paths: tuple[str, str]
) -> Iterator[Call]:
    for service in services:
        named = any(target.value == host or target.value.endswith(f".{host}") for host in service.hosts)
        if not named and port not in service.ports and (service.hosts or service.ports):
            continue
        for call in service.calls:
            trusted = call.spec.kind is not Kind.READ or named or target.zone is Zone.LOCAL
            if trusted and method in call.methods and any(map(call.path.fullmatch, paths)):
                yield call


def host_target(host: str) -> Target:
    """Return a host by its name or address, `user@` and `:port` left out."""
    name = host.rpartition("@")[2].casefold().removesuffix(".")
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if HOLE in name or not name:
        near = name.startswith("169.254.")
        return Target(TargetKind.HOST, name, Zone.SENSITIVE if near else Zone.UNKNOWN)
    address = _address(name)
    if name in METADATA or (address is not None and address.is_link_local):
        return Target(TargetKind.HOST, name, Zone.SENSITIVE)
    if address is not None:
        local = address.is_loopback or address.is_unspecified
    else:
        local = name in LOCAL_NAMES or name.endswith(LOCAL_NAMES)
    return Target(TargetKind.HOST, name, Zone.LOCAL if local else Zone.OUTSIDE)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def recipient_target(text: str) -> Target:
    """Return a person, channel or group that a message reaches."""
    return Target(TargetKind.RECIPIENT, text.strip(), Zone.UNKNOWN if HOLE in text else Zone.OUTSIDE)


def carries_data(url: str) -> bool:
    """Tell whether reading `url` could itself send something out: text known only at run time, or a long query."""
    rest = url.partition("://")[2] or url
    return HOLE in url or len(rest.partition("/")[2]) > LONG_QUERY
