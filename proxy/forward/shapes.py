"""What a text of a request or an answer is: JSON, an agent's card, a list of tools; which places inside it names, and
whether it hides words."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Final, cast
from urllib.parse import unquote

from proxy.forward.target import Target
from safety_core.canonical import Json
from safety_core.edge.addresses import is_public
from safety_core.match.decode import decoded

_URL_HOST: Final = re.compile(
    r"https?:/{1,2}(?:[^/@\s\"]{0,100}@)?(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})", re.IGNORECASE
)
_METADATA: Final = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"})
_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}")
_DATA: Final = re.compile(r"^data:", re.MULTILINE)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_TEXTUAL: Final = re.compile(rb"text/|[/+](?:x-)?(?:(?:nd)?json|xml|xhtml|yaml|(?:java|ecma)script)\b", re.IGNORECASE)
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([^\s;,\"']+)", re.IGNORECASE)
_PLAIN: Final = re.compile(
    rb"utf-?8(?:mb4)?|(?:us-)?ascii|iso-?8859-?[0-9]{1,2}|latin-?[0-9]{1,2}|(?:windows|cp)-?125[0-8]|koi8-[ru]"
    rb"|gb2312|gbk|gb18030|big5(?:-hkscs)?|euc-(?:jp|kr|cn|tw)|(?:shift|s)[-_]?jis",
    re.IGNORECASE,
)
"""Character sets in which bytes below 128 are ASCII."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def describes_tools(tree: object) -> bool:
    """Tell whether JSON is an agent's card or a list of tools: a model takes both for what its operator says."""
    if isinstance(tree, list):
        return any(map(describes_tools, tree))  # a batch, or the events of a stream
    if not isinstance(tree, dict):
        return False
    result = tree.get("result")
    listed = tree.get("tools") or (result.get("tools") if isinstance(result, dict) else None)
    return isinstance(tree.get("skills"), list) or isinstance(listed, list)


def speaks_rpc(tree: object) -> bool:
    """Tell whether JSON is a message of JSON-RPC, or several."""
    return any(isinstance(one, dict) and "jsonrpc" in one for one in (tree if isinstance(tree, list) else [tree]))


def inside(text: str) -> list[str]:
    """Return hosts of URLs in a text that are addresses which are not public, or this machine's name; each once."""
    hosts = dict.fromkeys(found[1].lower() for found in _URL_HOST.finditer(text))
    return [host for host in hosts if _literal(host) or host == "localhost" or host in _METADATA]


def _literal(host: str) -> bool:
    plain = host.strip("[]")
    if Target(plain, 80).literal:
        try:
            return not is_public(socket.inet_ntoa(socket.inet_aton(plain)))
        except OSError:
            return not is_public(plain)
    return False


def encoded_prose(url: str) -> bool:
    """Tell whether a run in a URL comes to words with spaces between them: cursors and ids come to none."""
    for run in _RUN.findall(unquote(url)):
        text = decoded(run.encode("latin-1", "replace"))
        if (
            text
            and len(text.split()) >= 3
            and text[:1] not in {"{", "[", "<"}
            and sum(map(str.isalpha, text)) * 2 > len(text)
        ):
            return True
    return False


def by_key(tree: object) -> Iterator[list[str]]:
    """Yield the texts that stand under the same key, wherever: parts of one message have others between them."""
    found: dict[str, list[str]] = {}
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            for key, value in item.items():
                if isinstance(value, str):
                    found.setdefault(str(key), []).append(value)
            stack.extend(reversed(list(item.values())))
    yield from (texts for texts in found.values() if len(texts) > 1)


def tree_of(text: str) -> Json:
    """Return what a JSON text holds, or of a stream of events a list of what theirs hold; None where it is neither."""
    text = text.lstrip("\ufeff \t\r\n")
    if text[:1] in {"{", "["}:
        return _parsed(text)
    return [*map(_parsed, _events(text))] or None


def _parsed(text: str) -> Json:
    try:
        return cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _events(text: str) -> Iterator[str]:
    """Yield the data of server-sent events, in which MCP servers answer, too."""
    if not _DATA.search(text):
        return
    data: list[str] = []
    for line in [*_LINE_END.split(text), ""]:
        if line.startswith("data:"):
            data.append(line[5:])
        elif not line and data:
            yield "\n".join(data)
            data = []


def is_text(sample: bytes, kind: bytes = b"") -> bool:
    """Tell whether something is a text: its type says so (`kind`, a Content-Type), or its beginning does."""
    if sample.startswith(_UTF16) or _TEXTUAL.search(kind):
        return True
    if sample.count(b"\0") * 8 > len(sample):
        return False
    sample = sample.replace(b"\0", b"")  # a few of them hide nothing from a model
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4 or error.start > len(sample) * 0.9 or _latin(sample)
    return True


def is_plain(kind: bytes) -> bool:
    """Tell whether a text of this Content-Type can be read here: English words in it are the bytes of ASCII."""
    return all(_PLAIN.fullmatch(name) for name in _CHARSET.findall(kind))


def _latin(sample: bytes) -> bool:
    """Tell whether bytes that are no UTF-8 are mostly letters all the same."""
    return sum(32 <= byte < 127 or byte in b"\t\n\r" for byte in sample) > len(sample) * 0.8


def text_in(raw: bytes) -> str:
    """Return bytes as the text that they are."""
    if raw.startswith(_UTF16):
        return raw.decode("utf-16", "replace")
    return raw.decode("utf-8", "replace")
