"""Files of somebody's repository, as the scan for what should not be there any more reads them."""

from __future__ import annotations

from fuzz.trial import Target
from safety_core.baseline.jobs import Form, form_of, is_manifest, settings_of
from safety_core.baseline.rule_file import read_rules

_FORMS = (*Form,)


def start() -> Target:
    """Return the reader; the first byte says of which form."""

    def read(raw: bytes) -> None:
        if raw[:1] == b"R":
            read_rules("rules.yaml", raw[1:])
            return
        text = raw[1:].decode("utf-8", "replace")
        if raw[:1] == b"P":
            form_of(text)
            is_manifest(text)
            return
        for setting in settings_of(_FORMS[(raw[0] if raw else 0) % len(_FORMS)], text):
            assert 0 <= setting.start <= setting.end <= len(text), "a setting stands outside of its text"

    return read
