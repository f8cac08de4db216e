"""Tools by their catalogue entry; unknown tools by the words in their names and arguments."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

from safety_core.canonical import Json, JsonObject
from safety_core.classify.catalogue import parse_spec
from safety_core.classify.edits import patched, replace_text, write_part
from safety_core.classify.names import words_of
from safety_core.classify.network import LONG_QUERY, carries_data, recipient_target, url_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import absolute, path_target
from safety_core.classify.shell.scope import TERMINAL, Scope, Stream
from safety_core.classify.shell.walk import Shell
from safety_core.classify.sql import sql_actions
from safety_core.errors import InputError
from safety_core.model.facts import Kind, Target, TargetKind, Zone
from safety_core.model.secret import references
from safety_core.wire.reader import parse_json

DEEPEST: Final = 4
"""Tools that call tools."""

LONG_HEADERS: Final = 1024
"""Characters of all headers from which a read could carry data out."""

_OVERRIDE: Final = re.compile(r"x-(?:http-)?method(?:-override)?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATCHED: Final = re.compile(
    r"^(?:\*\*\* (?:Add|Update|Delete) File: |\*\*\* Move to: |(?:---|\+\+\+) (?:[ab]/)?)(\S.*)$", re.MULTILINE
)
_ORDER: Final = (
    Kind.MONEY,
    Kind.DESTROY,
    Kind.PERMISSION,
    Kind.CREDENTIAL,
    Kind.CONTROL,
    Kind.OUTWARD,
    Kind.RUN_CODE,
    Kind.WRITE,
    Kind.READ,
)


def judge_tool(notes: Notes, name: str, params: JsonObject, depth: int = 0) -> str:
    """Note what the tool does with `params`; return its canonical name, or that of the tool that it calls."""
    known = notes.catalogue.tool(name)
    if known is None:
        _judge_unlisted(notes, name, params)
        return name
    canonical, entry = known
    inner = _object(entry, "inner")
    if inner:
        return _judge_inner(notes, inner, params, depth)
    _Tool(notes, canonical, entry, params).run()
    return canonical


def _judge_inner(notes: Notes, inner: JsonObject, params: JsonObject, depth: int) -> str:
    """Judge the call that is inside of this one; where there could be several, each of them."""
    names = [value for key in _names(inner.get("name")) if isinstance(value := params.get(key), str)]
    arguments = [given for key in _names(inner.get("arguments")) for given in _mapping(params.get(key))]
    if not names or not arguments or depth >= DEEPEST:
        notes.doubt("a call of another tool that does not say which, with what")
        return "tool_call"
    found = [judge_tool(notes, name, given, depth + 1) for name in dict.fromkeys(names) for given in arguments]
    if len(found) == 1:
        return found[0]
    notes.doubt("a call of another tool that could be one of several")
    return "tool_call"


def _mapping(value: Json) -> Iterator[JsonObject]:
    """Yield a mapping, also one that is written as JSON."""
    if isinstance(value, str):
        with suppress(InputError):
            value = parse_json(value, "arguments")
    if isinstance(value, dict):
        yield value


class _Tool:
    """One call of a tool that the catalogue lists."""

    def __init__(self, notes: Notes, name: str, entry: JsonObject, params: JsonObject) -> None:
        self.notes = notes
        self.name = name
        self.entry = entry
        self.params = params
        self.words = str(entry.get("words", ""))
        self.roles = {key: role for role, keys in _object(entry, "args").items() for key in _names(keys)}
        self.passed_over = {*_names(entry.get("volatile")), *_names(entry.get("ignored")), entry.get("select")}
        self.targets: list[Target] = []

    def run(self) -> None:
        """Note what the call does, or what is missing."""
        cwd = self.notes.workspace
        for key, value in self.params.items():
            if self.roles.get(key) == "cwd" and isinstance(value, str):
                cwd = path_target(value, cwd, self.notes.workspace, self.notes.catalogue.paths).value
        for key, value in self.params.items():
            role = self._role(key)
            if role == "body" and value not in (None, ""):
                self._outward(Kind.OUTWARD)
            for text in _command(value) if role == "command" else _leaves(value):
                self._argument(role, text, cwd)
        self._headers()
        self._store()
        self._selected()
        wanted = set(self.roles.values()) & {"command", "path", "url", "patch"}
        given = {self.roles.get(key) for key, value in self.params.items() if list(_leaves(value))}
        if wanted and not wanted & given and self.entry.get("adapter") != "none":
            self.notes.doubt(f"{self.name}: an argument that it needs is missing")

    def _role(self, key: str) -> str:
        """Return what an argument is; of one that the entry does not know, where it leads, if its name says that."""
        if key in self.roles or key in self.passed_over:
            return self.roles.get(key, "")
        role = self.notes.catalogue.roles.get(_plain(key), "")
        return role if role in {"path", "url"} or role in self.roles.values() else ""

    def _argument(self, role: str, text: str, cwd: str) -> None:
        readers = {
            "command": self._command,
            "path": self._path,
            "patch": self._patch,
            "url": self._url,
            "recipient": self._recipient,
            "method": self._method,
            "source": self._source,
            "query": self._query,
            "env": self._environment,
        }
        if role in readers:
            readers[role](text, cwd)

    def _command(self, text: str, cwd: str) -> None:
        given = [
            text for key, value in self.params.items() if self.roles.get(key) == "stdin" for text in _leaves(value)
        ]
        words = [
            text for key, value in self.params.items() if self.roles.get(key) == "words" for text in _leaves(value)
        ]
        script = " ".join(["".join([*self._variables(), text]), *map(shlex.quote, words)])
        Shell(self.notes).script(script, Scope(cwd), Stream("".join(given)) if given else TERMINAL)

    def _variables(self) -> Iterator[str]:
        """Yield the environment as the command would see it, had the script itself set it."""
        for key, value in self.params.items():
            if self.roles.get(key) == "env" and isinstance(value, dict):
                for name, text in value.items():
                    if _VARIABLE.fullmatch(name) and isinstance(text, str):
                        yield f"export {name}={shlex.quote(text)}\n"

    def _path(self, text: str, cwd: str) -> None:
        self.targets.append(path_target(text, cwd, self.notes.workspace, self.notes.catalogue.paths))

    def _patch(self, text: str, cwd: str) -> None:
        before = len(self.targets)
        for path in _PATCHED.findall(text):
            self._path(path, cwd)
        if len(self.targets) == before:
            self.notes.doubt(f"{self.name}: a patch that names no file")
        if "*** Delete File: " in text:
            self.notes.note(Kind.DESTROY, self.name, "deletes files", self.targets[before:])
        for path, content in patched(text):
            self.notes.files.write(absolute(path, cwd), content)

    def _url(self, text: str, cwd: str) -> None:
        scheme, _, rest = text.strip().removeprefix("view-source:").partition(":")
        if scheme.casefold() == "file":
            return self._path(unquote(rest.removeprefix("//").removeprefix("localhost")), cwd)
        if scheme.casefold() == "javascript":
            self.notes.note(Kind.RUN_CODE, self.name, "runs code in a page")
        self.targets.append(url_target(text))
        if carries_data(text):
            self.notes.note(Kind.OUTWARD, self.name, "reads an address that could carry data out", self.targets)
        return None

    def _recipient(self, text: str, cwd: str) -> None:
        self.targets.append(recipient_target(text))

    def _method(self, text: str, cwd: str) -> None:
        kind = self.notes.catalogue.methods.get(text.upper(), Kind.OUTWARD)
        if kind is not Kind.READ:
            self._outward(kind)

    def _source(self, text: str, cwd: str) -> None:
        (self._url if ":" in text else self._path)(text, cwd)

    def _query(self, text: str, cwd: str) -> None:
        if len(text) > LONG_QUERY or references(text):
            self._outward(Kind.OUTWARD)

    def _store(self) -> None:
        """Remember what a tool for files leaves in them: the text of its arguments, wherever it stands in those."""
        content, old = (self._texts(role) for role in ("content", "old"))
        others = [text for key, value in self.params.items() if key not in self.roles for text in _leaves(value)]
        if self.entry.get("effect") != Kind.WRITE or not (content or others):
            return
        for target in dict.fromkeys(self.targets):
            if target.kind is not TargetKind.PATH or "patch" in self.roles.values():
                continue
            if others or not content:
                write_part(self.notes.files, target.value, [*content, *others])
            elif "old" in self.roles.values():
                replace_text(self.notes.files, target.value, old, content)
            else:
                self.notes.files.write(target.value, content[0] if len(content) == 1 else None)

    def _texts(self, role: str) -> list[str]:
        return [text for key, value in self.params.items() if self.roles.get(key) == role for text in _leaves(value)]

    def _headers(self) -> None:
        """Note what headers do: ask for another method, or carry more than headers do."""
        for key, value in self.params.items():
            if self.roles.get(key) != "headers":
                continue
            pairs = value.items() if isinstance(value, dict) else ()
            for name, text in pairs:
                if _OVERRIDE.fullmatch(name) and isinstance(text, str):
                    self._method(text, "")
            if len(json.dumps(value)) > LONG_HEADERS:
                self._outward(Kind.OUTWARD)

    def _environment(self, text: str, cwd: str) -> None:
        self.notes.doubt(f"{self.name}: variables that change how programs run")

    def _outward(self, kind: Kind) -> None:
        hosts = [
            url_target(text)
            for key, value in self.params.items()
            if self.roles.get(key) == "url"
            for text in _leaves(value)
        ]
        local = bool(hosts) and all(host.zone is Zone.LOCAL for host in hosts)
        self.notes.note(Kind.WRITE if local else Kind.OUTWARD, self.name, "sends something to an address", hosts)
        if kind is Kind.DESTROY:
            self.notes.note(kind, self.name, "deletes something at an address", hosts)

    def _selected(self) -> None:
        """Note the tool's own effect, which the value of one argument may choose."""
        select, actions = self.entry.get("select"), _object(self.entry, "actions")
        chosen = self.params.get(str(select)) if select else None
        word = str(chosen) if isinstance(chosen, bool) else chosen
        if isinstance(word, str):
            folded = {name.casefold(): name for name in actions}
            word = folded.get(word.strip().casefold(), word)
        own = [self.entry.get("effect", "" if "command" in self.roles.values() else self.entry.get("default"))]
        if isinstance(word, str) and word in actions:
            own = [actions[word]]
        elif select and (word is not None or own == [None]):
            self.notes.doubt(f"{self.name}: an action that the catalogue does not list")
            own += actions.values() if word is not None else []
        for spec in dict.fromkeys(str(one) for one in own if one):
            self._own(spec, f"{self.name} {word}" if isinstance(word, str) else self.name)
        for key in _names(self.entry.get("code")):
            for text in _leaves(self.params.get(key)):
                Shell(self.notes).script(text, Scope(self.notes.workspace))

    def _own(self, text: str, form: str) -> None:
        spec = parse_spec(text, self.name)
        self.notes.note(spec.kind or Kind.UNKNOWN, form, self.words, self.targets, spec.traits | self._crowd())

    def _crowd(self) -> frozenset[str]:
        people = [target for target in self.targets if target.kind is TargetKind.RECIPIENT]
        return frozenset({"mass"}) if len(people) > 20 else frozenset()


def _judge_unlisted(notes: Notes, name: str, params: JsonObject) -> None:
    """Judge a tool by its words. It is never understood whole, so that it is never green."""
    notes.doubt(f"{name[:80]}: a tool that the catalogue does not list")
    targets = list(_targets(notes, params))
    kind = _kind(notes, name, params)
    notes.note(kind, name[:80] or "tool", notes.catalogue.verb_words.get(kind, ""), targets)
    for key, value in params.items():
        role = notes.catalogue.roles.get(_plain(key))
        for text in _leaves(value):
            if role == "shell":
                Shell(notes).script(text, Scope(notes.workspace))
            elif role == "sql":
                for found in sql_actions(text, name[:80]):
                    if not isinstance(found, str):
                        notes.act(found)


def _kind(notes: Notes, name: str, params: Mapping[str, Json]) -> Kind:
    """Return what the verb in a tool's name says, made graver by what it is about and whom it reaches."""
    words = words_of(name)
    verbs = [(word, notes.catalogue.verbs[word]) for word in words if word in notes.catalogue.verbs]
    if not verbs:
        return Kind.UNKNOWN
    verb, kind = verbs[0]
    if kind is Kind.READ:
        return Kind.READ
    kinds = {kind, *(notes.catalogue.nouns[word] for word in words if word != verb and word in notes.catalogue.nouns)}
    roles = {notes.catalogue.roles.get(_plain(key)) for key, value in params.items() if value}
    if kind is Kind.WRITE and "recipient" in roles:
        kinds.add(Kind.OUTWARD)
    return next(candidate for candidate in (*_ORDER, Kind.UNKNOWN) if candidate in kinds)


def _targets(notes: Notes, params: JsonObject) -> Iterator[Target]:
    for key, value in params.items():
        match notes.catalogue.roles.get(_plain(key)):
            case "path":
                yield from (
                    path_target(text, notes.workspace, notes.workspace, notes.catalogue.paths)
                    for text in _leaves(value)
                )
            case "url":
                yield from (url_target(text) for text in _leaves(value))
            case "recipient":
                yield from (recipient_target(text) for text in _leaves(value))
            case _:
                pass


def _plain(key: str) -> str:
    return "_".join(words_of(key))


def _leaves(value: Json) -> Iterator[str]:
    """Yield the texts in an argument, wherever they stand in it; other values are no target."""
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            stack.extend(reversed(item.values()))


def _command(value: Json) -> Iterator[str]:
    """Yield a command line; a list is one command, word by word."""
    if isinstance(value, list):
        yield shlex.join(_leaves(value))
    else:
        yield from _leaves(value)


def _object(entry: JsonObject, name: str) -> JsonObject:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def _names(value: Json) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
