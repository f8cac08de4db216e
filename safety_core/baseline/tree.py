"""YAML, JSON and JSON5 -> settings.

Names come from the keys, from `name` and `value` beside each other (Kubernetes), from NAME=value in a list (compose),
and from an option before its value in a list (arguments). What has a tag of its own (`!vault`, `!Ref`) is no literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from safety_core.baseline import json5
from safety_core.baseline.setting import Setting

DEPTH: Final = 64

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OWN: Final = "tag:yaml.org,2002:"
_NO_TEXT: Final = {f"{_OWN}null", f"{_OWN}bool"}
_PAIR: Final = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
_OPTION: Final = re.compile(r"--?([A-Za-z][\w-]*)")
_SEALED: Final = {"data", "stringData"}


def yaml_settings(text: str) -> list[Setting]:
    """Return the settings of YAML documents. Raises json5.MalformedError where it is none."""
    try:
        nodes = [*yaml.compose_all(text, Loader=_LOADER)]
    except (yaml.YAMLError, RecursionError) as error:
        raise json5.MalformedError from error
    return [setting for node in nodes for setting in _document(node)]


def json_settings(text: str) -> list[Setting]:
    """Return the settings of a JSON or JSON5 document. Raises json5.MalformedError where it is neither."""
    return [*_document(json5.compose(text))]


def _document(root: yaml.Node) -> Iterator[Setting]:
    top = _scalars(root)
    sealed = top.get("kind") == "Secret" and "apiVersion" in top and not _has(root, "sops")
    yield from _Walk(sealed=sealed).node(root, "", "", 0)


class _Walk:
    """One document. Aliases lead to the same node again: each is told once."""

    def __init__(self, *, sealed: bool) -> None:
        self._sealed = sealed
        self._seen: set[int] = set()

    def node(self, node: yaml.Node, key: str, name: str, depth: int) -> Iterator[Setting]:
        if id(node) in self._seen or depth > DEPTH:
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, key, depth)
        elif not node.tag.startswith(_OWN):
            return
        elif isinstance(node, yaml.SequenceNode):
            yield from self._list(node, key, depth)
        elif node.tag not in _NO_TEXT:
            sealed = self._sealed and key.partition(".")[0] in _SEALED
            yield Setting(key, name, str(node.value), node.start_mark.index, node.end_mark.index, sealed)

    def _mapping(self, node: yaml.MappingNode, key: str, depth: int) -> Iterator[Setting]:
        given = _scalars(node).get("name", "")
        for label, value in node.value:
            word = str(label.value) if isinstance(label, yaml.ScalarNode) else "?"
            named = given if word == "value" and given else word
            way = f"{key}[{given}].value" if named is given and given else f"{key}.{word}".lstrip(".")
            yield from self.node(value, way, named, depth + 1)

    def _list(self, node: yaml.SequenceNode, key: str, depth: int) -> Iterator[Setting]:
        before = ""
        for index, item in enumerate(node.value):
            text = str(item.value) if isinstance(item, yaml.ScalarNode) else ""
            pair = _PAIR.fullmatch(text)
            if pair and item.tag == f"{_OWN}str":
                yield _paired(item, key, pair)
            else:
                yield from self.node(item, f"{key}[{index}]", before, depth + 1)
            option = _OPTION.fullmatch(text)
            before = option[1] if option else ""


def _paired(item: yaml.Node, key: str, pair: re.Match[str]) -> Setting:
    """Return the setting of a NAME=value. The whole of it is its place: quotes may have escapes in them."""
    return Setting(f"{key}.{pair[1]}", pair[1], pair[2], item.start_mark.index, item.end_mark.index)


def _scalars(node: yaml.Node) -> dict[str, str]:
    """Return the plain entries of a mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {
        str(label.value): str(value.value)
        for label, value in pairs
        if isinstance(label, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }


def _has(node: yaml.Node, name: str) -> bool:
    return isinstance(node, yaml.MappingNode) and any(label.value == name for label, _ in node.value)
