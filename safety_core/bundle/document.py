"""One YAML source file -> JSON values that remember the line they were written on.

A small, plain part of YAML: text, numbers, true, false, null, lists and mappings with text keys. What YAML
1.1 reads in surprising ways (`no` as false, `12:30` as 750, dates) is refused with the advice to quote it;
so are anchors, tags, repeated keys and more than one document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from safety_core.canonical import Json, JsonObject
from safety_core.errors import PolicyError

SOURCE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one source file; the largest real one (the catalogue) stays under a tenth of it."""

DEPTH: Final = 32
"""Nesting of one source file; deeper serves no policy and breaks recursive readers."""

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A source file as a value.

    Attributes:
        lines: the line of every entry, by its path (".green.trusted", "[0].id"; "" is the whole file).
    """

    name: str
    value: Json
    lines: dict[str, int]

    def place(self, path: str = "") -> str:
        """Return "file:line" of the entry at `path`, or of the nearest one above it that was written down."""
        while path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return f"{self.name}:{self.lines[path]}"

    def mapping(self) -> JsonObject:
        """Return the value, or refuse a file that is not a mapping."""
        if not isinstance(self.value, dict):
            raise PolicyError(self.place(), "must be a mapping of names to values")
        return self.value


def read_document(name: str, raw: bytes) -> Document:
    """Parse one source file.

    Raises:
        PolicyError: naming file and line.
    """
    if len(raw) > SOURCE_LIMIT:
        raise PolicyError(name, f"is larger than {SOURCE_LIMIT} bytes", "split it")
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise PolicyError(name, "is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        tab = any("\t" in wrong for wrong in raw.decode("utf-8").splitlines()[line - 1 : line])
        fix = "indent with spaces, never with tabs" if tab else "mend this line, or the one above it"
        raise PolicyError(f"{name}:{line}", f"is not YAML: {error.problem}", fix) from error
    except yaml.YAMLError as error:
        raise PolicyError(name, "holds characters that YAML does not allow") from error
    if node is None:
        return Document(name, {}, {"": 1})
    lines: dict[str, int] = {}
    return Document(name, _Converter(name, lines).value(node, "", 0), lines)


class _Converter:
    """Walks the nodes of one file."""

    def __init__(self, name: str, lines: dict[str, int]) -> None:
        self._name = name
        self._lines = lines
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: str, depth: int) -> Json:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if depth > DEPTH:
            raise self._error(line, f"is nested deeper than {DEPTH}")
        if id(node) in self._seen:
            raise self._error(line, "uses an anchor", "write the value out")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value)]
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> JsonObject:
        found: JsonObject = {}
        for line, key, value in self._pairs(node):
            if key in found:
                raise self._error(line, f"has the key {key!r} twice", "put both under one")
            self._lines[f"{path}.{key}"] = value.start_mark.line + 1
            found[key] = self.value(value, f"{path}.{key}", depth + 1)
        return found

    def _pairs(self, node: yaml.MappingNode) -> Iterator[tuple[int, str, yaml.Node]]:
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT_TAG:
                raise self._error(key.start_mark.line + 1, "has a key that is not text", "put the key in quotes")
            yield key.start_mark.line + 1, key.value, value

    def _scalar(self, node: yaml.Node, line: int) -> Json:
        text = str(node.value)
        if node.tag == _TEXT_TAG:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        raise self._error(
            line, f"{text[:40]!r} can be read in two ways", "put it in quotes, or write true, false or a plain number"
        )

    def _error(self, line: int, reason: str, fix: str = "") -> PolicyError:
        return PolicyError(f"{self._name}:{line}", reason, fix)
