"""What the values of options and operands name, by their types: paths, hosts, people, code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from safety_core.classify.catalogue import Spec
from safety_core.classify.code import code_notes
from safety_core.classify.computing import only_computes
from safety_core.classify.names import kinds_in
from safety_core.classify.network import carries_data, host_target, recipient_target, service_calls, url_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE, path_target
from safety_core.classify.shell.options import Invocation
from safety_core.classify.shell.requests import requests
from safety_core.classify.shell.scope import NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Action, Kind, Target, TargetKind, Zone

GRAPHQL_QUERY: Final = re.compile(r"\s*(?:query\b|\{)")
NAMED_FILE: Final = re.compile(r"[+\w%-]*@(\S+)$")
OWN_TOKEN: Final = re.compile(r"(?i)[\w-]*(?:auth|token|key)[\w-]*\s*:")
"""Headers that are computed as a rule: they say who asks."""

OWN_VARIABLES: Final = "/proc/self/environ"
"""Where a program finds the variables that it was started with."""

ENVIRONMENT: Final = frozenset({"environment"})
"""Origin of a text that holds all variables, and with them what programs need to sign in elsewhere."""

SECRET_NAME: Final = re.compile(
    r"(?i)(?<![a-z])(?:(?:api|access|private|secret|signing|encryption)?_?keys?|tokens?|secrets?|pass|passwords?|passwd"
    r"|credentials?)(?![a-z])"
)
"""A name, or a pattern for names, of variables that hold secrets."""

FILE_URL: Final = re.compile(r"(?i)file:(?://[^/]*)?(/.*)")
TOLD: Final = frozenset({"artisan", "occ", "craft"})
"""Scripts without an ending that are told what to do as programs are."""

REMOTE: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]+|\[[0-9a-f:]+\]):(?!\\)")

STORE: Final = re.compile(r"[\w.-]{2,}:")
"""How a place in a store or a container begins; one letter is a drive of Windows."""


class Reader(Protocol):
    """What is needed of the one that reads scripts."""

    def script(self, text: str, scope: Scope, stdin: Stream = TERMINAL) -> Stream:
        """Follow a script."""

    def call(self, name: str, arguments: tuple[str, ...], scope: Scope, stdin: Stream) -> Stream:
        """Run a function that the script defined."""


class Runner(Protocol):
    """What is needed of the one that judges simple commands."""

    notes: Notes
    shell: Reader

    def run(self, words: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str] = frozenset()) -> Stream:
        """Judge one command."""

    def variable(self, name: str, value: str, scope: Scope) -> None:
        """Judge a variable that is set."""

    def kinds(self, path: Sequence[str]) -> list[Kind]:
        """Return what the words of a subcommand say."""


class Values:
    """One command that the catalogue lists, and what its values name."""

    def __init__(self, programs: Runner, found: Invocation, scope: Scope, stdin: Stream, made: frozenset[str]) -> None:
        self.programs = programs
        self.notes = programs.notes
        self.found = found
        self.entry = found.entry
        self.scope = scope
        self.stdin = stdin
        self.made = made
        self.dry = self.entry.spec.dry or any(spec.dry for _, spec, _ in found.options)
        given = (spec.traits for _, spec, _ in found.options)
        self.traits = scope.traits | self.entry.spec.traits.union(*given)
        self.targets: list[Target] = []
        self.coded = False
        self.addresses: list[str] = []
        self.asking = False
        """What is sent is only a question, by what the catalogue knows of the services that are asked."""

    def _note(self, kind: Kind, form: str, targets: Sequence[Target]) -> None:
        """Note one effect. Reaching only this machine is no reaching outside."""
        hosts = [target for target in targets if target.kind is TargetKind.HOST]
        if kind is Kind.OUTWARD and hosts and all(host.zone is Zone.LOCAL for host in hosts):
            kind = Kind.WRITE
        if kind is Kind.WRITE and targets and all(map(self._harmless, targets)):
            kind = Kind.READ
        if kind is Kind.OUTWARD and (self.stdin.origin | self.made) >= ENVIRONMENT:
            self.notes.note(
                Kind.READ, f"{self.entry.name} variables", "sends all variables", [self._path(OWN_VARIABLES)]
            )
        if self.asking and kind in {Kind.OUTWARD, Kind.WRITE, Kind.DESTROY} and hosts:
            kind = Kind.READ
        silent = self.entry.inherits and kind not in {Kind.READ, Kind.WRITE, Kind.UNKNOWN}
        words = self.entry.words if kind is self.entry.spec.kind and not silent else ""
        words = words or self.notes.catalogue.verb_words.get(kind, "") or self.entry.words
        traits = self.traits | (self.made if kind is Kind.RUN_CODE else frozenset())
        self.notes.act(Action(kind, self.entry.name.partition(" ")[0], form, tuple(targets), traits, words))

    def requests(self) -> None:
        """Note what the command's requests do to services that the catalogue knows."""
        services = self.notes.catalogue.services
        calls = [(url, service_calls(services, method, url, body)) for method, url, body in requests(self.found)]
        self.asking = bool(calls) and all(found for _, found in calls)
        for url, found in calls:
            for call in found:
                kind = call.spec.kind or Kind.READ
                self.asking = self.asking and kind is Kind.READ
                self.notes.note(kind, f"{self.entry.name} request", call.words, [url_target(url)], call.spec.traits)

    def option(self, name: str, spec: Spec, value: Word | None) -> None:
        """Judge one option that was given with a value."""
        if not spec.takes or value is None:
            return
        targets = self._value(spec.takes, value)
        if spec.kind is None or self.dry:
            self.targets.extend(targets)
        else:
            hosts = [target for target in self.targets if target.kind is TargetKind.HOST]
            self._note(
                spec.kind, f"{self.entry.name} {name}", [*targets, *(hosts if spec.kind is Kind.OUTWARD else [])]
            )
            for target in targets if spec.kind is Kind.WRITE else ():
                self._wrote(target)

    def _value(self, takes: str, word: Word) -> list[Target]:
        """Return what a value of this type names, and follow the code in it."""
        text = word.text
        if word.glob and takes in {"path", "remote"}:
            self.traits |= {"wildcard"}
        if HOLE in text and takes not in {"text", "script", "expression"} and not takes.startswith("code:"):
            self.notes.doubt(f"{self.entry.name}: a value that is known only when the command runs")
        if takes.startswith("code:"):
            self._code(takes.removeprefix("code:"), text)
            return []
        reader = getattr(self, f"_read_{takes}", None)
        return reader(text) if reader is not None else []

    def _harmless(self, target: Target) -> bool:
        """Tell whether what is written there is gone (`-o /dev/null`)."""
        return target.kind is TargetKind.PATH and target.value in self.notes.catalogue.paths.harmless

    def _read_path(self, text: str) -> list[Target]:
        return [self._path(text)]

    def _read_seen(self, text: str) -> list[Target]:
        """A file that is looked at, whatever the program does to others (`ln -s FILE name`)."""
        self._note(Kind.READ, f"{self.entry.name} file", [self._path(text)])
        return []

    def _read_named_path(self, text: str) -> list[Target]:
        return [self._path(text)]

    def _read_destination(self, text: str) -> list[Target]:
        """Where files are moved to. What is moved nowhere is lost."""
        target = self._path(text)
        if self._harmless(target):
            self._note(Kind.DESTROY, f"{self.entry.name} nowhere", self.targets)
        return [target]

    def _read_url(self, text: str) -> list[Target]:
        file = FILE_URL.match(text)
        if file:
            return [self._path(file[1])]
        target = url_target(text)
        self.addresses.append(text)
        far = "remote" in self.traits and target.zone is Zone.OUTSIDE
        if far or (carries_data(text) and "container" not in self.traits):
            self._note(Kind.OUTWARD, f"{self.entry.name} query", [target])
        return [target]

    def _read_host(self, text: str) -> list[Target]:
        return [host_target(text)]

    def _read_nethost(self, text: str) -> list[Target]:
        if HOLE in text:
            self._note(Kind.OUTWARD, f"{self.entry.name} name", [host_target(text.lstrip("@+"))])
        return [host_target(text.lstrip("@+"))]

    def _read_endpoint(self, text: str) -> list[Target]:
        """Where a program finds the service it works with; one outside of this machine gets what the program sends."""
        target = url_target(text)
        if target.zone is not Zone.LOCAL:
            self._note(Kind.OUTWARD, f"{self.entry.name} endpoint", [target])
        return []

    def _read_store(self, text: str) -> list[Target]:
        """A place in a store or container elsewhere (`s3://shop/a`, `web:/srv`), or a file."""
        if "://" in text:
            return [url_target(text)]
        return [Target(TargetKind.DATA, text) if STORE.match(text) else self._path(text)]

    def _read_storeto(self, text: str) -> list[Target]:
        """Where a copy goes: to a store elsewhere, or into a file."""
        target = self._read_store(text)[0]
        inside = target.kind is TargetKind.PATH
        if text != "-":
            targets = [target] if inside else [*self.targets, target]
            self._note(Kind.WRITE if inside else Kind.OUTWARD, f"{self.entry.name} to", targets)
        return []

    def _read_remote(self, text: str) -> list[Target]:
        match = REMOTE.match(text)
        if match is None:
            return [url_target(text)] if "://" in text else [self._path(text)]
        if "outward" not in self.traits:
            self.traits |= {"outward"}
            self._note(Kind.OUTWARD, f"{self.entry.name} remote", [host_target(match[1])])
        return [host_target(match[1])]

    def _read_gitremote(self, text: str) -> list[Target]:
        """Another server, or `ext::` and a command line that plays one."""
        transport, mark, command = text.partition("::")
        if mark and transport == "ext":
            self._code("shell", command)
            return []
        if "://" in text:
            return [url_target(text)]
        match = REMOTE.match(text)
        return [host_target(match[1])] if match else [recipient_target(text)]

    def _read_refspec(self, text: str) -> list[Target]:
        """What is sent where: `:branch` deletes it there, `+branch` overwrites what others have."""
        if text.startswith((":", "+")) and text != ":" and not self.dry:
            self._note(Kind.DESTROY, f"{self.entry.name} {text[0]}", [Target(TargetKind.DATA, text[1:])])
        return [Target(TargetKind.DATA, text)]

    def _read_carried(self, text: str) -> list[Target]:
        """What goes along with a request. A file, or text that only the running shell knows, is sent by it."""
        hosts = [target for target in self.targets if target.kind is TargetKind.HOST]
        file = NAMED_FILE.match(text)
        targets = [self._path(file[1])] if file else []
        if targets or (HOLE in text and not OWN_TOKEN.match(text)):
            self._note(Kind.OUTWARD, f"{self.entry.name} header", [*targets, *hosts])
        return targets

    def _read_revision(self, text: str) -> list[Target]:
        """A file far from the project, or one in its history (`HEAD:.env`); most words are names of branches."""
        if text.startswith(("/", "~", "../")):
            return [self._path(text)]
        _, mark, path = text.partition(":")
        return [self._path(path)] if mark and path else []

    def _read_recipient(self, text: str) -> list[Target]:
        return [recipient_target(text)]

    def _read_variable(self, text: str) -> list[Target]:
        return [self._path(OWN_VARIABLES)] if SECRET_NAME.search(text) else []

    def _read_data(self, text: str) -> list[Target]:
        return [Target(TargetKind.DATA, text)]

    def _read_upload(self, text: str) -> list[Target]:
        _, mark, path = text.replace("=<", "=@").rpartition("@")
        if not mark or path in {"", "-"} or any(sign in path for sign in " {}"):
            return []
        target = self._path(path.partition(";")[0])
        self._note(Kind.READ, f"{self.entry.name} file", [target])
        return [target]

    def _read_outfile(self, text: str) -> list[Target]:
        target = self._path(text)
        if text == "-" or self._harmless(target):
            self.traits |= {"milder"}
            return []
        if not self.dry:
            self._note(Kind.WRITE, f"{self.entry.name} output", [target])
            self._wrote(target)
        return []

    def _read_expression_path(self, text: str) -> list[Target]:
        self.coded = True
        return [self._path(text)]

    def _read_expression(self, text: str) -> list[Target]:
        self.coded = True
        return []

    def _read_alias(self, text: str) -> list[Target]:
        """Another name for a command, which may be that of a harmless one."""
        _, _, command = text.partition("=")
        self._code("shell", command)
        return []

    def _read_mode(self, text: str) -> list[Target]:
        """`modest`: the mode lets nobody write who could not, and starts nothing with another's rights."""
        numeric = re.fullmatch(r"0?[0-7]{3}", text) is not None and text[-1] not in "2367"
        symbolic = re.fullmatch(r"[ugo]*[-=+][rwxX]*(,[ugo]*[-=+][rwxX]*)*", text) is not None
        if numeric or (symbolic and re.search(r"o[ug]*[+=][rxX]*w", text) is None):
            self.traits |= {"modest"}
        return []

    def _read_method(self, text: str) -> list[Target]:
        kind = self.notes.catalogue.methods.get(text.upper(), Kind.OUTWARD)
        hosts = [target for target in self.targets if target.kind is TargetKind.HOST]
        self.traits |= {"method"}
        if kind is not Kind.READ:
            self._note(Kind.OUTWARD, f"{self.entry.name} {text.upper()}", hosts)
        deleting = Kind.DESTROY in kinds_in(re.split(r"[/?&=]", " ".join(self.addresses)), self.notes.catalogue.verbs)
        if kind is Kind.DESTROY or (deleting and kind is not Kind.READ):
            self._note(Kind.DESTROY, f"{self.entry.name} {text.upper()}", hosts)
        return []

    def _read_field(self, text: str) -> list[Target]:
        """A field makes a request a sending one, unless its method says otherwise."""
        methods = [value.text.upper() for _, spec, value in self.found.options if spec.takes == "method" and value]
        if any(word.text == "graphql" for word in self.found.operands):
            self._graphql(text)
        elif "GET" not in methods:
            self._note(Kind.OUTWARD, f"{self.entry.name} field", [])
        return []

    def _graphql(self, text: str) -> None:
        """A GraphQL query only asks, though it is sent by POST; what is no plain query may change something."""
        queries = [value.text for _, spec, value in self.found.options if spec.takes == "field" and value]
        name, _, query = text.partition("=")
        if name == "query" and GRAPHQL_QUERY.match(query) and "mutation" not in query:
            return
        if name == "query" or not any(query.startswith("query=") for query in queries):
            self._note(Kind.OUTWARD, f"{self.entry.name} mutation", [])
            if Kind.DESTROY in kinds_in(re.split(r"[\W_]+", query), self.notes.catalogue.verbs):
                self._note(Kind.DESTROY, f"{self.entry.name} mutation", [])

    def _read_httpie(self, text: str) -> list[Target]:
        if text.isupper() and text.isalpha():
            url = next((word.text for word in self.found.operands if not word.text.isupper()), "")
            self.targets.extend(self._read_httpie(url) if url else [])
            return self._read_method(text)
        if text.startswith(":") and text[1:2].isdigit():
            text = f"localhost{text}"
        if re.match(r"[\w.-]*(:=@|=@|@)", text):
            self._read_upload(text)
        if re.match(r"[\w.-]+(:=|=@|=(?!=)|@)|@", text):
            self._note(Kind.OUTWARD, f"{self.entry.name} field", self.targets)
            return []
        return self._read_url(text) if not self.targets else []

    def _read_mount(self, text: str) -> list[Target]:
        """A folder of this machine that a container may change."""
        source = re.search(r"(?:^|(?:source|src)=)([/~][^:,]*|\.[^:,]*)(?=[:,]|$)", text)
        if source is None or text.endswith(":ro"):
            return []
        words = "lets a container change files of this machine"
        self.notes.note(Kind.WRITE, f"{self.entry.name} volume", words, [self._path(source[1])], self.scope.traits)
        return []

    def _read_script(self, text: str) -> list[Target]:
        if text == "-" or "stdin" in self.traits:
            return []
        self.coded = True
        target = self._path(text)
        self._told(text)
        content = self.notes.files.read(target.value)
        if HOLE in text:
            self.notes.doubt(f"{self.entry.name}: a script that is known only when the command runs")
        self.made |= frozenset() if content is None else content.origin
        if content is not None and content.text is not None:
            self._code(self.entry.stdin.removeprefix("code:"), content.text)
        elif not self.dry:
            if content is not None:
                self.notes.doubt(f"{self.entry.name}: a script that was written here, with a text that is not known")
            self._note(Kind.RUN_CODE, f"{self.entry.name} script", [target])
        return []

    def _wrote(self, target: Target) -> None:
        """Remember that this command has written a file, with a text that is not known."""
        if target.kind is TargetKind.PATH:
            downloads = self.entry.stream == "download"
            self.notes.files.write(
                target.value, None, self.stdin.origin | (frozenset({"downloaded"}) if downloads else frozenset())
            )

    def _told(self, text: str) -> None:
        """`python manage.py flush`: a script whose name is listed is told what to do by the words behind it."""
        name = text.rpartition("/")[2]
        if (name in TOLD or "." in name) and self.notes.catalogue.program(name) is not None:
            words = [word.text for word in self.found.words]
            behind = self.found.words[words.index(text) + 1 :] if text in words else ()
            self.programs.run([Word(name), *behind], self.scope.copy(), NOTHING)

    def _path(self, text: str) -> Target:
        return path_target(text, self.scope.cwd, self.notes.workspace, self.notes.catalogue.paths)

    def _code(self, language: str, text: str) -> None:
        self.coded = True
        if language == "shell":
            arguments = tuple(word.text for word in self.found.operands[1:])
            same = self.entry.wrapper is not None or self.entry.stream == "same"
            traits = (self.traits - self.scope.traits) | self.made
            self.programs.shell.script(text, self.scope if same else self.scope.below(traits, arguments), self.stdin)
            return
        if language == "python" and HOLE not in text and only_computes(text):
            self.traits |= {"milder"}
        for command in code_notes(self.notes, language, text, self.entry.name, self.traits):
            self.programs.shell.script(command, self.scope.below(), NOTHING)
