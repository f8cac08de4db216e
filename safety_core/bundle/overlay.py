"""A tenant's own data, laid over what holds for all: tenants/<tenant>/ in the folder of sources. By these rules:

agents.yaml      an agent's fields replace those of the same agent; `default_tier` and `budget` replace
approvers.yaml   approvers are added; one of a known id replaces it; `quorum` only rises
outward.yaml     grants are added
hosts.yaml       names are added to each list
egress.yaml      hosts of `forward` are added
floors/*.yaml    floors are added
matrix.yaml      only cells that differ, each stricter than before
overlay.yaml     what this overlay loosens, with the reason, and nothing else does:
                   loosens:
                     matrix: the reason           cells of matrix.yaml may be looser
                     quorum: the reason           quorum may be smaller
                     floors: {rule: the reason}   these floors do not hold here

Rules, catalogue, patterns and prices are the same for all. A file of another name is refused: nobody would read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from safety_core.bundle.document import Document, read_document
from safety_core.bundle.origins import Origins
from safety_core.canonical import Json, JsonObject
from safety_core.errors import PolicyError
from safety_core.model.level import Outcome

FOLDER: Final = "tenants/"
LOOSENS: Final = "overlay.yaml"

_FLOORS: Final = re.compile(r"floors/[A-Za-z0-9_.-]+\.yaml")
_SHAPE: Final = re.compile(r"tenants/([a-z0-9][a-z0-9_-]{0,62})/(.+)")
_FIX: Final = "see `safety_core/bundle/overlay.py`, or policies/README.md"
_ORDER: Final = {outcome.word: outcome for outcome in Outcome}


class _Overlay:
    """One tenant's documents, and the data that they are laid over."""

    def __init__(self, data: JsonObject, origins: Origins, documents: Mapping[str, Document]) -> None:
        self._data = data
        self._origins = origins
        self._documents = documents
        self._loosens = self._said()

    def run(self) -> None:
        for name in sorted(self._documents):
            if name in _PARTS:
                _PARTS[name](self, self._documents[name])
            elif name != LOOSENS:
                self._added(self._documents[name], "floors", "floors")
        self._without_floors()
        for word in self._loosens:
            if word not in {"matrix", "quorum", "floors"}:
                raise PolicyError(self._documents[LOOSENS].place(f".loosens.{word}"), "is nothing that can be loosened")

    def agents(self, document: Document) -> None:
        for name, value in self._fields(document, ("agents", "default_tier", "budget")).items():
            if name != "agents":
                self._put(document, f".{name}", f"data.{name}", self._data, name, value)
                continue
            agents = self._mapping(document, ".agents", value)
            there = self._object("agents")
            for agent, entry in agents.items():
                known = there.setdefault(agent, {})
                if not isinstance(known, dict):
                    raise PolicyError(self._origins.place(f"data.agents.{agent}"), "must be a mapping")
                if not known:
                    self._origins.add(document, f".agents.{agent}", f"data.agents.{agent}")
                for field, said in self._mapping(document, f".agents.{agent}", entry).items():
                    path = f".agents.{agent}.{field}"
                    self._put(document, path, f"data{path}", known, field, said)

    def approvers(self, document: Document) -> None:
        fields = self._fields(document, ("approvers", "quorum"))
        there = self._list("approvers")
        for number, entry in enumerate(self._entries(document, "approvers", fields)):
            name = entry.get("id") if isinstance(entry, dict) else None
            same = [at for at, known in enumerate(there) if isinstance(known, dict) and known.get("id") == name]
            at = same[0] if same else len(there)
            there[at : at + 1] = [entry]
            self._origins.add(document, f".approvers[{number}]", f"data.approvers[{at}]")
        if "quorum" in fields:
            quorum = self._data.setdefault("quorum", {})
            known = quorum if isinstance(quorum, dict) else {}
            for level, count in self._mapping(document, ".quorum", fields["quorum"]).items():
                before = known.get(level, 1)
                looser = isinstance(count, int) and isinstance(before, int) and count < before
                self._check(document, f".quorum.{level}", "quorum", looser=looser)
                self._put(document, f".quorum.{level}", f"data.quorum.{level}", known, level, count)

    def outward(self, document: Document) -> None:
        self._added(document, "outward", "outward")

    def hosts(self, document: Document) -> None:
        there = self._object("hosts")
        for name, names in document.mapping().items():
            known = there.setdefault(name, [])
            if not isinstance(names, list) or not isinstance(known, list):
                raise PolicyError(document.place(f".{name}"), "must be a list of names, as in the hosts for all")
            for number, host in enumerate(names):
                if host not in known:
                    self._origins.add(document, f".{name}[{number}]", f"data.hosts.{name}[{len(known)}]")
                    known.append(host)

    def egress(self, document: Document) -> None:
        forward = self._fields(document, ("forward",)).get("forward")
        if not isinstance(forward, dict) or set(forward) != {"hosts"} or not isinstance(forward["hosts"], list):
            raise PolicyError(document.place(".forward"), "must hold `hosts`, and nothing else")
        base = self._data.setdefault("forward", {"default": "refuse"})
        there = base.setdefault("hosts", []) if isinstance(base, dict) else None
        if not isinstance(there, list):
            raise PolicyError(self._origins.place("data.forward"), "must hold a list of hosts")
        for number, host in enumerate(forward["hosts"]):
            self._origins.add(document, f".forward.hosts[{number}]", f"data.forward.hosts[{len(there)}]")
            there.append(host)

    def matrix(self, document: Document) -> None:
        there = self._object("matrix")
        for level, cells in document.mapping().items():
            known = there.get(level)
            if not isinstance(known, dict):
                raise PolicyError(document.place(f".{level}"), "is no level of the matrix for all")
            for tier, word in self._mapping(document, f".{level}", cells).items():
                path = f".{level}.{tier}"
                before, after = _ORDER.get(str(known.get(tier))), _ORDER.get(str(word))
                if before is None or after is None:
                    raise PolicyError(document.place(path), "must be an outcome for a tier of the matrix for all")
                self._check(document, path, "matrix", looser=after < before)
                self._put(document, path, f"data.matrix{path}", known, tier, word)

    def _without_floors(self) -> None:
        gone = self._loosens.get("floors")
        if gone is None:
            return
        document, there = self._documents[LOOSENS], self._list("floors")
        for rule, reason in self._mapping(document, ".loosens.floors", gone).items():
            self._reason(document, f".loosens.floors.{rule}", reason)
            kept = [at for at, floor in enumerate(there) if not (isinstance(floor, dict) and floor.get("rule") == rule)]
            if len(kept) == len(there):
                raise PolicyError(document.place(f".loosens.floors.{rule}"), f"{rule!r} is no floor")
            for new, old in enumerate(kept):
                if new != old:
                    self._origins.alias(f"data.floors[{new}]", f"data.floors[{old}]")
            there[:] = [there[at] for at in kept]

    def _check(self, document: Document, path: str, word: str, *, looser: bool) -> None:
        if not looser:
            return
        reason = self._loosens.get(word)
        if reason is None:
            fix = f"say so with a reason in {LOOSENS}: loosens: {{{word}: ...}}"
            raise PolicyError(document.place(path), "is looser than for all", fix)
        self._reason(self._documents[LOOSENS], f".loosens.{word}", reason)

    def _reason(self, document: Document, path: str, reason: Json) -> None:
        if not isinstance(reason, str) or not reason.strip():
            raise PolicyError(document.place(path), "must be the reason, in words")

    def _said(self) -> JsonObject:
        document = self._documents.get(LOOSENS)
        if document is None:
            return {}
        return self._mapping(document, ".loosens", self._fields(document, ("loosens",)).get("loosens"))

    def _fields(self, document: Document, names: tuple[str, ...]) -> JsonObject:
        fields = document.mapping()
        stray = next((name for name in fields if name not in names), None)
        if stray is not None:
            known = ", ".join(names)
            raise PolicyError(document.place(f".{stray}"), f"{stray!r} is not a known field here", f"known: {known}")
        return fields

    def _added(self, document: Document, field: str, part: str) -> None:
        fields = self._fields(document, (field,))
        there = self._list(part)
        for number, entry in enumerate(self._entries(document, field, fields)):
            self._origins.add(document, f".{field}[{number}]", f"data.{part}[{len(there)}]")
            there.append(entry)

    def _entries(self, document: Document, field: str, fields: JsonObject) -> list[Json]:
        entries = fields.get(field, [])
        if not isinstance(entries, list):
            raise PolicyError(document.place(f".{field}"), "must be a list")
        return entries

    def _put(self, document: Document, source: str, path: str, where: JsonObject, name: str, value: Json) -> None:
        where[name] = value
        self._origins.add(document, source, path)

    def _mapping(self, document: Document, path: str, value: Json) -> JsonObject:
        if not isinstance(value, dict):
            raise PolicyError(document.place(path), "must be a mapping of names to values")
        return value

    def _object(self, part: str) -> JsonObject:
        value = self._data[part]
        if not isinstance(value, dict):
            raise PolicyError(self._origins.place(f"data.{part}"), "must be a mapping of names to values")
        return value

    def _list(self, part: str) -> list[Json]:
        value = self._data[part]
        if not isinstance(value, list):
            raise PolicyError(self._origins.place(f"data.{part}"), "must be a list")
        return value


_PARTS: Final[Mapping[str, Callable[[_Overlay, Document], None]]] = {
    "agents.yaml": _Overlay.agents,
    "approvers.yaml": _Overlay.approvers,
    "outward.yaml": _Overlay.outward,
    "hosts.yaml": _Overlay.hosts,
    "egress.yaml": _Overlay.egress,
    "matrix.yaml": _Overlay.matrix,
}


def tenants_in(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the tenants that have an overlay among these sources, by name.

    Raises:
        PolicyError: a file stands where no overlay reads it.
    """
    found = set()
    for name in sorted(name for name in files if name.startswith(FOLDER)):
        shape = _SHAPE.fullmatch(name)
        if shape is None or not (shape[2] in _PARTS or shape[2] == LOOSENS or _FLOORS.fullmatch(shape[2])):
            raise PolicyError(name, "is no file of an overlay", _FIX)
        found.add(shape[1])
    return tuple(sorted(found))


def overlay(data: JsonObject, origins: Origins, files: Mapping[str, bytes], tenant: str) -> None:
    """Lay the tenant's own sources over `data`, in place. Nothing happens where it has none.

    Raises:
        PolicyError: naming file and line: what cannot be merged, or loosens what it does not say.
    """
    if tenant not in tenants_in(files):
        return
    folder = f"{FOLDER}{tenant}/"
    mine = {name.removeprefix(folder): name for name in files if name.startswith(folder)}
    _Overlay(data, origins, {short: read_document(name, files[name]) for short, name in mine.items()}).run()
