"""Values that name hosts, people and what is sent to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from safety_core.classify.names import kinds_in
from safety_core.classify.network import carries_data, host_target, recipient_target, url_target
from safety_core.classify.paths import HOLE
from safety_core.classify.shell.judged import Judged, Read
from safety_core.model.facts import Kind, Target, TargetKind, Zone

GRAPHQL_QUERY: Final = re.compile(r"\s*(?:query\b|\{)")

NAMED_FILE: Final = re.compile(r"[+\w%-]*@(\S+)$")

OWN_TOKEN: Final = re.compile(r"(?i)[\w-]*(?:auth|token|key)[\w-]*\s*:")
"""Headers that are computed as a rule: they say who asks."""

FILE_URL: Final = re.compile(r"(?i)file:(?://[^/]*)?(/.*)")

FREE_DATA: Final = re.compile(r"(?i)(?:gophers?|dict|telnet|tftp|smtps?|mqtts?|rtmp[a-z]*)://")
"""Addresses whose protocol sends what the address itself says, to any program that listens there."""

UNPOSTED: Final = frozenset({"-I", "--ignore-stdin"})

REMOTE: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]+|\[[0-9a-f:]+\]):(?!\\)")


def _upload(judged: Judged, text: str) -> list[Target]:
    _, mark, path = text.replace("=<", "=@").rpartition("@")
    if not mark or path in {"", "-"} or any(sign in path for sign in " {}"):
        return []
    target = judged.path(path.partition(";")[0])
    judged.note(Kind.READ, f"{judged.entry.name} file", [target])
    return [target]


def _url(judged: Judged, text: str) -> list[Target]:
    file = FILE_URL.match(text)
    if file:
        return [judged.path(file[1])]
    target = url_target(text)
    judged.addresses.append(text)
    far = "remote" in judged.traits and target.zone is Zone.OUTSIDE
    data = carries_data(text) or FREE_DATA.match(text) is not None
    if far or (data and "container" not in judged.traits):
        judged.note(Kind.OUTWARD, f"{judged.entry.name} query", [target])
    return [target]


def _host(judged: Judged, text: str) -> list[Target]:
    return [host_target(text)]


def _nethost(judged: Judged, text: str) -> list[Target]:
    if HOLE in text:
        judged.note(Kind.OUTWARD, f"{judged.entry.name} name", [host_target(text.lstrip("@+"))])
    return [host_target(text.lstrip("@+"))]


def _endpoint(judged: Judged, text: str) -> list[Target]:
    """Where a program finds the service it works with; one outside of this machine gets what the program sends."""
    target = url_target(text)
    if target.zone is not Zone.LOCAL:
        judged.note(Kind.OUTWARD, f"{judged.entry.name} endpoint", [target])
    return []


def _remote(judged: Judged, text: str) -> list[Target]:
    match = REMOTE.match(text)
    if match is None:
        return [url_target(text)] if "://" in text else [judged.path(text)]
    if "outward" not in judged.traits:
        judged.traits |= {"outward"}
        judged.note(Kind.OUTWARD, f"{judged.entry.name} remote", [host_target(match[1])])
    return [host_target(match[1])]


def _gitremote(judged: Judged, text: str) -> list[Target]:
    """Another server, or `ext::` and a command line that plays one."""
    transport, mark, command = text.partition("::")
    if mark and transport == "ext":
        judged.code("shell", command)
        return []
    if "://" in text:
        return [url_target(text)]
    match = REMOTE.match(text)
    return [host_target(match[1])] if match else [recipient_target(text)]


def _refspec(judged: Judged, text: str) -> list[Target]:
    """What is sent where: `:branch` deletes it there, `+branch` overwrites what others have."""
    if text.startswith((":", "+")) and text != ":" and not judged.dry:
        judged.note(Kind.DESTROY, f"{judged.entry.name} {text[0]}", [Target(TargetKind.DATA, text[1:])])
    return [Target(TargetKind.DATA, text)]


def _carried(judged: Judged, text: str) -> list[Target]:
    """What goes along with a request. A file, or text that only the running shell knows, is sent by it."""
    hosts = [target for target in judged.targets if target.kind is TargetKind.HOST]
    file = NAMED_FILE.match(text)
    targets = [judged.path(file[1])] if file else []
    if targets or (HOLE in text and not OWN_TOKEN.match(text)):
        judged.note(Kind.OUTWARD, f"{judged.entry.name} header", [*targets, *hosts])
    return targets


def _recipient(judged: Judged, text: str) -> list[Target]:
    return [recipient_target(text)]


def _method(judged: Judged, text: str) -> list[Target]:
    kind = judged.notes.catalogue.methods.get(text.upper(), Kind.OUTWARD)
    hosts = [target for target in judged.targets if target.kind is TargetKind.HOST]
    judged.traits |= {"method"}
    if kind is not Kind.READ:
        judged.note(Kind.OUTWARD, f"{judged.entry.name} {text.upper()}", hosts)
    deleting = Kind.DESTROY in kinds_in(re.split(r"[/?&=]", " ".join(judged.addresses)), judged.notes.catalogue.verbs)
    if kind is Kind.DESTROY or (deleting and kind is not Kind.READ):
        judged.note(Kind.DESTROY, f"{judged.entry.name} {text.upper()}", hosts)
    return []


def _field(judged: Judged, text: str) -> list[Target]:
    """A field makes a request a sending one, unless its method says otherwise."""
    methods = [value.text.upper() for _, spec, value in judged.found.options if spec.takes == "method" and value]
    if any(word.text == "graphql" for word in judged.found.operands):
        _graphql(judged, text)
    elif "GET" not in methods:
        judged.note(Kind.OUTWARD, f"{judged.entry.name} field", [])
    return []


def _graphql(judged: Judged, text: str) -> None:
    """A GraphQL query only asks, though it is sent by POST; what is no plain query may change something."""
    queries = [value.text for _, spec, value in judged.found.options if spec.takes == "field" and value]
    name, _, query = text.partition("=")
    if name == "query" and GRAPHQL_QUERY.match(query) and "mutation" not in query:
        return
    if name == "query" or not any(query.startswith("query=") for query in queries):
        judged.note(Kind.OUTWARD, f"{judged.entry.name} mutation", [])
        if Kind.DESTROY in kinds_in(re.split(r"[\W_]+", query), judged.notes.catalogue.verbs):
            judged.note(Kind.DESTROY, f"{judged.entry.name} mutation", [])


def _httpie(judged: Judged, text: str) -> list[Target]:
    if text.isupper() and text.isalpha():
        url = next((word.text for word in judged.found.operands if not word.text.isupper()), "")
        judged.targets.extend(_httpie(judged, url) if url else [])
        return _method(judged, text)
    if text.startswith(":") and text[1:2].isdigit():
        text = f"localhost{text}"
    if re.match(r"[\w.-]*(:=@|=@|@)", text):
        _upload(judged, text)
    if re.match(r"[\w.-]+(:=|=@|=(?!=)|@)|@", text):
        judged.note(Kind.OUTWARD, f"{judged.entry.name} field", judged.targets)
        return []
    if judged.targets:
        return []
    targets = _url(judged, text)
    _posted(judged, targets)
    return targets


def _posted(judged: Judged, hosts: list[Target]) -> None:
    """HTTPie sends what comes in from a program or file, whatever its words say."""
    given = judged.stdin.piped and judged.stdin.text != "" and not judged.dry
    if given and UNPOSTED.isdisjoint(name for name, _, _ in judged.found.options):
        judged.note(Kind.OUTWARD, f"{judged.entry.name} input", hosts)


HOSTS: Final[Mapping[str, Read]] = {
    "upload": _upload,
    "url": _url,
    "host": _host,
    "nethost": _nethost,
    "endpoint": _endpoint,
    "remote": _remote,
    "gitremote": _gitremote,
    "refspec": _refspec,
    "carried": _carried,
    "recipient": _recipient,
    "method": _method,
    "field": _field,
    "httpie": _httpie,
}
