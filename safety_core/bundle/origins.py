"""Where each value of a bundle's data was written, so that what is wrong with it is told as file and line."""

from __future__ import annotations

from dataclasses import dataclass, field

from safety_core.bundle.document import Document


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each value of the data was written, by its path ("data.matrix.red.trusted")."""

    _parts: dict[str, tuple[Document, str]] = field(default_factory=dict)

    def add(self, document: Document, source: str, path: str) -> None:
        """Note that what stands at `source` in `document`, and all below it, became `path` in the data."""
        self._parts[path] = (document, source)

    def alias(self, path: str, origin: str) -> None:
        """Note that `path` of the data was derived from what became `origin` in it."""
        part, rest = self._split(origin)
        document, source = self._parts[part]
        self._parts[path] = (document, source + rest)

    def place(self, path: str) -> str:
        """Return "file:line" for a path of the data; what is no such path stays as it is."""
        part, rest = self._split(path)
        if part not in self._parts:
            return path
        document, source = self._parts[part]
        known = source + rest in document.lines
        return document.place(source + rest) + ("" if known else f" ({rest.lstrip('.')})")

    def _split(self, path: str) -> tuple[str, str]:
        part = path
        while part and part not in self._parts:
            part = part[: max(part.rfind("."), part.rfind("["), 0)]
        return part, path[len(part) :]
