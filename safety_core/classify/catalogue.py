"""The policy's data about programs and tools, compiled once.

    programs:
      "cp, install":                      # names that share an entry
        effect: write                     # what the program itself does, where no subcommand is given: a spec
        words: copies files               # in a shop owner's words
        operands: path                    # type of each operand; the last one named repeats
        last: "write=path"                # spec of the last operand, where it differs
        options: {"-r": "+recursive"}     # specs of options that do something, or whose values matter
        flags: "-aAbB --all --almost-all" # harmless options without a value; a cluster stands for each of its letters
        values: "-w --width"              # harmless options with a value
        open: true                        # unlisted options are mere parameters; else they are not understood
        commands: {"remote add": {...}}   # subcommands, as entries or specs
        read: status, log, show           # subcommands with that effect and nothing more to say
        wrapper: 1                        # after so many operands comes another command line
        verbs: 1                          # unlisted subcommands are judged by their words, after so many group names
        anywhere: {"keys": credential}    # subcommands that mean the same below every group; the first one counts
        prefixes: alpha, beta             # words before a subcommand that change nothing about what it does
        assign: {"of": "write=path"}      # operands of the form name=value
        traits: privileged                # always
        dashes: single                    # options are whole words after one dash (find, openssl)
        stdin: code:shell                 # what its standard input is, where no operand or option gives that
        stream: echo                      # what becomes of text on its way: echo cat decode download directory given
                                          # same environment names, changed: into a text that differs
                                          # environment names (see `Judgement._output`)
        joined: true                      # a wrapper that hands its words to a shell as one text (ssh, eval)
        given: write                      # the effect where there are operands, `given_from` of them or more (1)
        alone: true                       # a wrapper that makes sense without a command, too (`env`)
        after: 1                          # the subcommand stands behind so many operands (`service NAME start`)
        bundled: true                     # the first word is a cluster of options even without a dash (`tar xf`)
        posix: true                       # behind the first operand no word is an option (`redis-cli get --help`)

A spec is `[effect][+trait...][=type]`: an effect (a `Kind`, or `dry`: nothing lasting happens), traits, and the type of
the value that an option takes. Types: text expression path url host nethost remote gitremote data recipient upload
outfile mode method field httpie mount script alias code:<language> directory command words endpoint store storeto
expression_path expression_sought destination carried seen variable revision refspec piped; named and named_path: a
value behind a name of its own (`jq --arg NAME VALUE`). An option "+" is any word that begins so. A spec of an option
"--output=yaml" holds where that value is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.classify.paths import PathRules
from safety_core.classify.readings import Readings
from safety_core.errors import PolicyError
from safety_core.model.facts import Kind

SPEC: Final = re.compile(r"(?P<effect>[a-z_]*)(?P<traits>(\+[a-z_]+)*)(=(?P<takes>[a-z:_]+))?")
DRY: Final = "dry"
KINDS: Final = {kind.value: kind for kind in Kind}
EXECUTABLE: Final = re.compile(r"\.(?:exe|cmd|bat|com|ps1)$")
"""Endings that Windows adds to a program's name; upper and lower case are one there, and on most Macs."""

PLAIN: Final = frozenset({None, Kind.READ, Kind.WRITE, Kind.UNKNOWN})
"""Effects that say little: what subcommands do is judged by their own words alone."""

VERSIONED: Final = re.compile(r"(python|pip|ruby|perl|php|lua|node|clang|gcc|postgres)[\d.]+")


@dataclass(frozen=True, slots=True)
class Spec:
    """What an option, operand or program does.

    Attributes:
        kind: the effect; None where it only adds traits.
        dry: nothing lasting happens with it.
        takes: type of its value, "" for none.
    """

    kind: Kind | None = None
    dry: bool = False
    traits: frozenset[str] = frozenset()
    takes: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One program or subcommand; the fields are those of the module's docstring."""

    name: str
    spec: Spec = Spec()
    words: str = ""
    operands: tuple[str, ...] = ()
    last: Spec | None = None
    options: Mapping[str, Spec] = field(default_factory=dict)
    commands: Mapping[str, Entry] = field(default_factory=dict)
    wrapper: int | None = None
    verbs: int | None = None
    assign: Mapping[str, Spec] = field(default_factory=dict)
    single: bool = False
    stdin: str = ""
    stream: str = ""
    joined: bool = False
    given: Spec | None = None
    given_from: int = 1
    open: bool = False
    after: int = 0
    bundled: bool = False
    prefixes: frozenset[str] = frozenset()
    anywhere: Mapping[str, Spec] = field(default_factory=dict)
    alone: bool = False
    posix: bool = False
    inherits: bool = False
    """The words are those of the program or group above, and say nothing about what this subcommand does."""

    def merged(self, child: Entry) -> Entry:
        """Return the subcommand `child` as it reads below this entry: our options hold there too."""
        return Entry(
            f"{self.name} {child.name}",
            Spec(self._kind_of(child), child.spec.dry, self.spec.traits | child.spec.traits),
            child.words or self.words,
            child.operands or self.operands,
            child.last,
            {**self.options, **child.options},
            child.commands,
            child.wrapper,
            max(self.verbs - 1, 0) if child.verbs is None and self.verbs is not None else child.verbs,
            child.assign,
            self.single,
            child.stdin,
            child.stream,
            child.joined,
            child.given,
            child.given_from,
            self.open or child.open,
            child.after,
            child.bundled,
            child.prefixes,
            {**self.anywhere, **child.anywhere},
            child.alone,
            child.posix,
            not child.words,
        )

    def _kind_of(self, child: Entry) -> Kind | None:
        """Return the effect of a subcommand; a mere group of them has that of the group above, where it is grave."""
        group = child.spec.kind is None and bool(child.commands)
        return self.spec.kind if group and self.spec.kind not in PLAIN else child.spec.kind


@dataclass(frozen=True, slots=True)
class Pattern:
    """What code in some language does where the expression matches.

    The expression's one unnamed group, if any, holds a shell command.
    """

    expression: re.Pattern[str]
    spec: Spec
    words: str


@dataclass(frozen=True, slots=True)
class Call:
    """What a request to a service does, by its method and path; `path` matches from the first slash to the query."""

    methods: frozenset[str]
    path: re.Pattern[str]
    spec: Spec
    words: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is administered over HTTP; one without hosts and ports is known by its paths alone."""

    name: str
    hosts: tuple[str, ...]
    ports: frozenset[str]
    calls: tuple[Call, ...]


def parse_spec(text: str, where: str) -> Spec:
    """Return the spec that `text` writes, or raise PolicyError."""
    match = SPEC.fullmatch(text.strip())
    effect = match["effect"] if match else "?"
    if match is None or (effect and effect != DRY and effect not in KINDS):
        raise PolicyError(
            where, f"{text!r} is not [effect][+trait...][=type]", f"the effects are {', '.join((*KINDS, DRY))}"
        )
    traits = frozenset(part for part in match["traits"].split("+") if part)
    return Spec(KINDS.get(effect), effect == DRY, traits, match["takes"] or "")


class Catalogue:
    """The compiled catalogue. Entries are compiled when they are first asked for, and kept."""

    def __init__(self, data: JsonObject) -> None:
        self._programs = dict(_spread(_mapping(data, "programs")))
        self._entries: dict[str, Entry | None] = {}
        self.readings = Readings()
        self._tools = dict(_spread_tools(_mapping(data, "tools")))
        self.paths = PathRules.of({name: _texts(value) for name, value in _mapping(data, "paths").items()})
        self.verbs = {verb: KINDS[kind] for kind, verbs in _mapping(data, "verbs").items() for verb in _texts(verbs)}
        self.verb_words = {KINDS[kind]: str(words) for kind, words in _mapping(data, "verb_words").items()}
        self.roles = {name: role for role, names in _mapping(data, "roles").items() for name in _texts(names)}
        self._options = _specs(_mapping(data, "options"), "options")
        self._client_options = {**self._options, **_specs(_mapping(data, "client_options"), "client_options")}
        self.variables = _specs(_mapping(data, "variables"), "variables")
        self.methods = {
            method: KINDS[kind] for kind, names in _mapping(data, "methods").items() for method in _texts(names)
        }
        self.nouns = {noun: KINDS[kind] for kind, names in _mapping(data, "nouns").items() for noun in _texts(names)}
        self.pairs = {
            (pair.split()[0], pair.split()[-1]): KINDS[kind]
            for kind, pairs in _mapping(data, "pairs").items()
            for pair in _texts(pairs)
        }
        self._lexicon = {name: frozenset(_texts(words)) for name, words in _mapping(data, "lexicon").items()}
        self.languages = {name: tuple(_patterns(entries, name)) for name, entries in _mapping(data, "code").items()}
        services = _mapping(data, "http")
        self.services = tuple(_service(name, _mapping(services, name)) for name in services)

    def program(self, name: str) -> Entry | None:
        """Return the entry of a program by its base name, or None for one that is not listed."""
        if name not in self._entries:
            raw = self._programs.get(name) or self._programs.get(VERSIONED.sub(r"\1", name))
            if raw is None:
                raw = self._programs.get(EXECUTABLE.sub("", name.lower()))
            self._entries[name] = None if raw is None else _entry(name, raw)
        return self._entries[name]

    def options(self, entry: Entry) -> Mapping[str, Spec]:
        """Return the long options that mean the same in nearly all programs of this sort, for those it does not list.

        Clients of services, whose subcommands are read by their words, share more of them: they choose and lay out
        what is shown ("--limit", "--project").
        """
        return self._options if entry.verbs is None else self._client_options

    def lexicon(self, name: str) -> frozenset[str]:
        """Return one of the lists of words that help to read a name ("weak"); one that is absent is empty."""
        return self._lexicon.get(name, frozenset())

    def tool(self, name: str) -> tuple[str, JsonObject] | None:
        """Return the canonical name and the entry of a tool, or None for one that is not listed."""
        return self._tools.get(name)


_compiled: list[tuple[JsonObject, Catalogue]] = []


def compiled(data: JsonObject) -> Catalogue:
    """Return `data` as a Catalogue; the last few are kept, by identity, since a policy is judged with many times."""
    for known, catalogue in _compiled:
        if known is data:
            return catalogue
    catalogue = Catalogue(data)
    _compiled.insert(0, (data, catalogue))
    del _compiled[4:]
    return catalogue


def _mapping(data: JsonObject, name: str) -> JsonObject:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise PolicyError(f"catalogue.{name}", "must be a mapping")
    return value


def _texts(value: Json) -> tuple[str, ...]:
    """Return a list of texts, or one text with commas, as texts."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(str(part).strip() for part in parts)


def _spread(entries: JsonObject) -> Iterator[tuple[str, Json]]:
    for names, entry in entries.items():
        for name in _texts(names):
            yield name, entry


def _spread_tools(entries: JsonObject) -> Iterator[tuple[str, tuple[str, JsonObject]]]:
    for name in entries:
        entry = _mapping(entries, name)
        for alias in (name, *_texts(entry.get("aliases", []))):
            yield alias, (name, entry)


def _specs(entries: JsonObject, where: str) -> dict[str, Spec]:
    return {name: parse_spec(str(spec), f"{where}.{name}") for names, spec in entries.items() for name in _texts(names)}


def _entry(name: str, raw: Json) -> Entry:
    if isinstance(raw, str):
        return Entry(name, parse_spec(raw, name))
    if not isinstance(raw, dict):
        raise PolicyError(f"catalogue.programs.{name}", "must be a spec or a mapping")
    spec = parse_spec(str(raw.get("effect", "")), name)
    last = raw.get("last")
    wrapper, verbs = raw.get("wrapper"), raw.get("verbs")
    given, given_from, after = raw.get("given"), raw.get("given_from"), raw.get("after")
    return Entry(
        name,
        Spec(spec.kind, spec.dry, spec.traits | frozenset(_texts(raw.get("traits", [])))),
        str(raw.get("words", "")),
        tuple(str(raw.get("operands", "")).split()),
        None if last is None else parse_spec(str(last), name),
        {**_harmless(raw), **_specs(_mapping(raw, "options"), name)},
        dict(_commands(raw, name)),
        wrapper if isinstance(wrapper, int) else None,
        verbs if isinstance(verbs, int) else None,
        _specs(_mapping(raw, "assign"), name),
        raw.get("dashes") == "single",
        str(raw.get("stdin", "")),
        str(raw.get("stream", "")),
        raw.get("joined") is True,
        None if given is None else parse_spec(str(given), name),
        given_from if isinstance(given_from, int) else 1,
        raw.get("open") is True,
        after if isinstance(after, int) else 0,
        raw.get("bundled") is True,
        frozenset(_texts(raw.get("prefixes", []))),
        _specs(_mapping(raw, "anywhere"), name),
        raw.get("alone") is True,
        raw.get("posix") is True,
    )


def _harmless(raw: JsonObject) -> dict[str, Spec]:
    """Return the options of `flags` and `values`."""
    whole = raw.get("dashes") == "single"
    flags = [name for word in str(raw.get("flags", "")).split() for name in _letters(word, whole=whole)]
    return {**dict.fromkeys(flags, Spec()), **dict.fromkeys(str(raw.get("values", "")).split(), Spec(takes="text"))}


def _letters(word: str, *, whole: bool) -> Iterator[str]:
    """Yield "-a" and "-b" for "-ab"; a long option, or any where options are whole words, is one name."""
    if whole or not word.startswith("-") or word.startswith("--"):
        yield word
    else:
        yield from (f"-{letter}" for letter in word[1:])


def _commands(raw: JsonObject, name: str) -> Iterator[tuple[str, Entry]]:
    """Yield subcommands; one of several words is nested below its first."""
    flat = {word: _entry(word, entry) for word, entry in _spread(_mapping(raw, "commands"))}
    for kind in (*KINDS, DRY):
        for word in _texts(raw.get(kind, [])):
            flat.setdefault(word, Entry(word, parse_spec(kind, name)))
    yield from _nested(flat)


def _nested(flat: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    heads: dict[str, dict[str, Entry]] = {}
    for words, entry in flat.items():
        head, _, rest = words.partition(" ")
        heads.setdefault(head, {})[rest] = entry
    for head, below in heads.items():
        own = below.pop("", Entry(head))
        nested = dict(_nested(below))
        yield head, replace(own, name=head, commands={**own.commands, **nested})


def _service(name: str, raw: JsonObject) -> Service:
    calls = _mapping(raw, "calls")
    words = str(raw.get("words", ""))
    return Service(
        name,
        tuple(host for host in _texts(raw.get("hosts", [])) if host),
        frozenset(port for port in _texts(raw.get("ports", [])) if port),
        tuple(_call(request, calls[request], words, f"http.{name}") for request in calls),
    )


def _call(request: str, raw: Json, words: str, where: str) -> Call:
    """Return what the catalogue says about "POST PUT /path"."""
    methods, slash, path = request.partition("/")
    fields: JsonObject = raw if isinstance(raw, dict) else {"effect": raw}
    try:
        expression = re.compile(slash + path)
    except re.error as error:
        raise PolicyError(f"catalogue.{where}", f"{request!r} is no expression for a path ({error.msg})") from error
    spec = parse_spec(str(fields.get("effect", "")), where)
    return Call(frozenset(methods.split()), expression, spec, str(fields.get("words", words)))


def _patterns(entries: Json, where: str) -> Iterator[Pattern]:
    for entry in entries if isinstance(entries, list) else []:
        fields = _mapping({"pattern": entry}, "pattern")
        try:
            expression = re.compile(str(fields.get("pattern", "")))
        except re.error as error:
            raise PolicyError(
                f"catalogue.code.{where}", f"holds an expression that cannot be read ({error.msg})"
            ) from error
        yield Pattern(expression, parse_spec(str(fields.get("effect", "")), where), str(fields.get("words", "")))
