"""Paths, patterns of paths, and addresses: where they lie does not depend on how they are spelled."""

from __future__ import annotations

from fuzz.trial import Target
from safety_core.classify.catalogue import compiled
from safety_core.classify.network import carries_data, host_target, recipient_target, url_target
from safety_core.classify.paths import absolute, path_target
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.facts import Zone
from safety_core.model.path_glob import matches


def start() -> Target:
    """Return the reader; the first byte says of what."""
    rules = compiled(shipped_bundle().policy.catalogue).paths

    def read(raw: bytes) -> None:
        text = raw[1:].decode("utf-8", "replace")
        match raw[:1]:
            case b"U":
                _address(text)
            case b"G":
                glob, _, path = text.partition("\n")
                matches(path, glob)
            case _:
                path = absolute(text, "/workspace")
                assert absolute(path, "/elsewhere") == path, "an absolute path depends on a folder"
                found = path_target(text, "/workspace", "/workspace", rules)
                again = path_target(path, "/workspace", "/workspace", rules)
                assert found.zone == again.zone, "spelled out, it lies elsewhere"
                if found.zone is Zone.WORKSPACE:
                    assert path == "/workspace" or path.startswith("/workspace/"), "outside counts as the workspace"

    return read


def _address(text: str) -> None:
    found = url_target(text)
    carries_data(text)
    host_target(text)
    recipient_target(text)
    if found.zone is Zone.LOCAL:
        assert url_target(text.strip()).zone is Zone.LOCAL, "with a space, it lies elsewhere"
