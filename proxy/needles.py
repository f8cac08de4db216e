"""The one-way needles that this process hands to the plugin, under a key of its own.

They say nothing to another process: after a restart there is another key, and the version tells the plugin.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from safety_core.canonical import Json, JsonObject
from safety_core.match.one_way import KEY_BYTES, WINDOW, one_way_needles
from safety_core.match.registry import told_name
from safety_core.model.secret import SecretName, SecretValue


class Needles:
    """Makes needles; keeps none."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(KEY_BYTES)
        self._process = secrets.token_hex(8)

    def version(self, generation: int) -> str:
        """Return the name of the needles for the secrets of a vault's generation."""
        return f"{self._process}-{generation}"

    def to_json(self, entries: Mapping[SecretName, SecretValue], generation: int) -> JsonObject:
        """Return the needles of every secret in `entries`. They are the same for every agent: what one may not use, it
        may not read either."""
        needles: list[Json] = [
            needle.to_json()
            for name, value in entries.items()
            for needle in one_way_needles(told_name(name), value, self._key)
        ]
        head: JsonObject = {"version": self.version(generation), "key": self._key.hex(), "window": WINDOW}
        return {**head, "needles": needles}
