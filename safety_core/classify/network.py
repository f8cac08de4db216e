"""Where a host or a recipient lies. Two URL readers must agree on the host, or it is unknown."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import ada_url

from safety_core.classify.paths import HOLE
from safety_core.model.facts import Target, TargetKind, Zone

LOCAL_NAMES: Final = ("localhost", ".localhost", ".local", ".internal", ".lan", ".test")
METADATA: Final = frozenset({"metadata.google.internal", "metadata.goog", "100.100.100.200", "fd00:ec2::254"})
"""Where a cloud hands out a machine's own credentials, beside the link-local address that most use."""

LONG_QUERY: Final = 256
"""Characters of a URL after the host from which a read could carry data out."""


def url_target(url: str) -> Target:
    """Return the host that `url` reaches; a URL without a scheme is read as http. Unknown where readers disagree."""
    if url.startswith("//"):
        url = f"http:{url}"
    if "://" not in url:
        url = f"http://{url}"
    try:
        strict, lenient = ada_url.URL(url).hostname, urlsplit(url).hostname
    except ValueError:
        return Target(TargetKind.HOST, url.split("://")[1].split("/")[0])
    if HOLE in url.split("://")[1].split("/")[0] or not strict or not _same(strict, lenient or ""):
        return Target(TargetKind.HOST, strict)
    return host_target(strict)


def _same(strict: str, lenient: str) -> bool:
    """Tell whether both readers mean one host; a number in an odd notation is read by the strict one alone."""
    host = strict.strip("[]").removesuffix(".")
    return host == lenient.removesuffix(".") or _address(host) is not None or host.startswith("xn--") or ".xn--" in host


def host_target(host: str) -> Target:
    """Return a host by its name or address, `user@` and `:port` left out."""
    name = host.rpartition("@")[2].casefold().removesuffix(".")
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if HOLE in name or not name:
        return Target(TargetKind.HOST, name)
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
