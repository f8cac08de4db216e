"""A tool that the catalogue lists, by the roles of its arguments and the effect of its entry."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from safety_core.canonical import Json, JsonObject
from safety_core.classify.arguments import commands_in, leaves, names_in, object_in, people_in
from safety_core.classify.catalogue import PLAIN, parse_spec
from safety_core.classify.clients import CLIENTS
from safety_core.classify.code import code_notes
from safety_core.classify.edits import patched, replace_text, write_part
from safety_core.classify.given import Given
from safety_core.classify.network import LONG_QUERY, carries_data, recipient_target, service_calls, url_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import absolute, path_target
from safety_core.classify.shell.scope import TERMINAL, Scope, Stream
from safety_core.classify.shell.walk import Shell
from safety_core.classify.sql_parameters import takes_apart
from safety_core.classify.unlisted import note_code
from safety_core.model.facts import Kind, Target, TargetKind, Zone
from safety_core.model.secret import references, refs_in

LONG_HEADERS: Final = 1024
"""Characters of all headers from which a read could carry data out."""

KEY_SHOWN: Final = 40
"""Characters of an unlisted argument's name that are shown."""

_OVERRIDE: Final = re.compile(r"x-(?:http-)?method(?:-override)?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATCHED: Final = re.compile(
    r"^(?:\*\*\* (?:Add|Update|Delete) File: |\*\*\* Move to: |(?:---|\+\+\+) (?:[ab]/)?)(\S.*)$", re.MULTILINE
)

_PASSED_OVER: Final = ("volatile", "ignored", "harmless")
"""Fields of an entry with names of arguments that have no role."""

_READ_BY: Final = {"command": commands_in, "recipient": people_in}
"""How the texts of an argument are read, where that is not word for word."""


class ListedTool:
    """One call of a tool that the catalogue lists."""

    def __init__(self, notes: Notes, name: str, entry: JsonObject, params: JsonObject) -> None:
        self.notes = notes
        self.name = name
        self.entry = entry
        self.params = params
        self.words = str(entry.get("words", ""))
        self.roles = {key: role for role, keys in object_in(entry, "args").items() for key in names_in(keys)}
        passed_over = (name for field in _PASSED_OVER for name in names_in(entry.get(field)))
        listed = {*self.roles, *passed_over, *(name for _, name in _code(entry.get("code"))), entry.get("select")}
        self.strange: JsonObject = {
            key: value for key, value in params.items() if key not in listed and value is not None
        }
        self.targets: list[Target] = []

    def run(self) -> None:
        """Note what the call does, or what is missing."""
        cwd = self.notes.workspace
        for key, value in self.params.items():
            if self.roles.get(key) == "cwd" and isinstance(value, str):
                cwd = path_target(value, cwd, self.notes.workspace, self.notes.catalogue.paths).value
        for key, value in self.params.items():
            role = self.roles.get(key, "")
            if role == "body" and value not in (None, ""):
                self._outward(Kind.OUTWARD)
            for text in _READ_BY.get(role, leaves)(value):
                self._argument(role, text, cwd)
        self._strange(cwd)
        self._headers()
        self._requests()
        self._store()
        self._selected()
        wanted = set(self.roles.values()) & {"command", "path", "url", "patch"}
        given = {self.roles.get(key) for key, value in self.params.items() if list(leaves(value))}
        if wanted and not wanted & given and self.entry.get("adapter") != "none":
            self.notes.doubt(f"{self.name}: an argument that it needs is missing")

    def _strange(self, cwd: str) -> None:
        """Doubt what the entry does not list, and judge it by what its name says, that of what is inside of it too."""
        for key in self.strange:
            self.notes.doubt(f"{self.name}: {key[:KEY_SHOWN]}: an argument that the catalogue does not list")
        given = Given.of(self.strange, self.notes.catalogue)
        own = {*self.roles.values(), "path", "url"}
        for named, values in given.roles.items():
            role = "recipient" if named == "contact" else named
            for text in (text for value in values for text in _READ_BY.get(role, leaves)(value)):
                if role in own or (role == "method" and text.upper() in self.notes.catalogue.methods):
                    self._argument(role, text, cwd)
        note_code(self.notes, Kind.RUN_CODE, self.name, given)

    def _argument(self, role: str, text: str, cwd: str) -> None:
        readers = {
            "command": self._command,
            "path": self._path,
            "patch": self._patch,
            "url": self._url,
            "recipient": self._recipient,
            "thing": self._thing,
            "method": self._method,
            "source": self._source,
            "query": self._query,
            "env": self._environment,
        }
        if role in readers:
            readers[role](text, cwd)

    def _command(self, text: str, cwd: str) -> None:
        given = [text for key, value in self.params.items() if self.roles.get(key) == "stdin" for text in leaves(value)]
        words = [text for key, value in self.params.items() if self.roles.get(key) == "words" for text in leaves(value)]
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

    def _thing(self, text: str, cwd: str) -> None:
        self.targets.append(Target(TargetKind.DATA, text))

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
        others = [text for key, value in self.params.items() if key not in self.roles for text in leaves(value)]
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
        return [text for key, value in self.params.items() if self.roles.get(key) == role for text in leaves(value)]

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

    def _requests(self) -> None:
        """Note what the request does to a service that the catalogue knows, beyond reading and sending."""
        body = "\n".join(self._texts("body"))
        for method in self._texts("method") or ["POST" if body else "GET"]:
            for url in self._texts("url"):
                for call in service_calls(self.notes.catalogue.services, method, url, body):
                    kind = call.spec.kind or Kind.READ
                    if kind not in PLAIN:
                        self.notes.note(kind, f"{self.name} request", call.words, [url_target(url)], call.spec.traits)

    def _environment(self, text: str, cwd: str) -> None:
        self.notes.doubt(f"{self.name}: variables that change how programs run")

    def _outward(self, kind: Kind) -> None:
        hosts = [
            url_target(text)
            for key, value in self.params.items()
            if self.roles.get(key) == "url"
            for text in leaves(value)
        ]
        local = bool(hosts) and all(host.zone is Zone.LOCAL for host in hosts)
        self.notes.note(Kind.WRITE if local else Kind.OUTWARD, self.name, "sends something to an address", hosts)
        if kind is Kind.DESTROY:
            self.notes.note(kind, self.name, "deletes something at an address", hosts)

    def _selected(self) -> None:
        """Note the tool's own effect, which the value of one argument may choose."""
        select, actions = self.entry.get("select"), object_in(self.entry, "actions")
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
        for key, also in object_in(self.entry, "given").items():
            if self.params.get(key) not in (None, "", []):
                self._own(str(also), f"{self.name} {key}")
        for language, key in _code(self.entry.get("code")):
            for text in leaves(self.params.get(key)):
                self._code(language, text)

    def _code(self, language: str, text: str) -> None:
        if language == "shell":
            Shell(self.notes).script(text, Scope(self.notes.workspace))
            return
        if language in CLIENTS and refs_in(self.params) and takes_apart(text):
            self.notes.note(Kind.READ, "substring", "works with a parameter that may be a stored secret")
        for command in code_notes(self.notes, language, text, self.name, frozenset()):
            Shell(self.notes).script(command, Scope(self.notes.workspace))

    def _own(self, text: str, form: str) -> None:
        spec = parse_spec(text, self.name)
        self.notes.note(spec.kind or Kind.UNKNOWN, form, self.words, self.targets, spec.traits)


def _code(field: Json) -> list[tuple[str, str]]:
    """Return the languages and the arguments that hold code: a list of names is the shell's."""
    by_language = field if isinstance(field, dict) else {"shell": field}
    return [(language, name) for language, names in by_language.items() for name in names_in(names)]
