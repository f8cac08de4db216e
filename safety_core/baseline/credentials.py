"""Settings -> credentials that are written down. Every one is told once, by the surest sign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from safety_core.baseline.found import Found
from safety_core.baseline.literal import is_reference, is_weak_password
from safety_core.baseline.rule import Finds, Rule
from safety_core.baseline.setting import Setting
from safety_core.match.assigned import likely
from safety_core.match.promise import SHORTEST, promised
from safety_core.match.span import Span

ENCRYPTED: Final = "secure"
"""What services call a value that is encrypted for them (Travis, AppVeyor)."""

_ONE_WORD: Final = re.compile(r"\S+")


def credentials(
    rule: Rule, settings: Sequence[Setting], spans: Iterable[Span], titles: Mapping[str, str]
) -> Iterator[Found]:
    """Yield what one rule finds.

    Args:
        spans: what the matcher takes for secrets in the same text.
        titles: what its patterns are called, by id.
    """
    taken: list[tuple[int, int]] = []
    if Finds.PATTERN in rule.finds:
        for span in spans:
            at = _setting_at(settings, span)
            taken.append((span.start, span.end))
            if at is None or at.name != ENCRYPTED:
                yield Found(rule, span.start, span.end, at.key if at else "", titles.get(span.rule, ""))
    for setting in settings:
        if is_reference(setting.value) or any(start < setting.end and setting.start < end for start, end in taken):
            continue
        what = _what(rule, setting)
        if what:
            yield Found(rule, setting.start, setting.end, setting.key, what)


def _setting_at(settings: Sequence[Setting], span: Span) -> Setting | None:
    return next((each for each in settings if each.start <= span.start < each.end), None)


def _what(rule: Rule, setting: Setting) -> str:
    """Return what a setting is taken for, nothing where it is no credential."""
    if setting.sealed and Finds.MANIFEST in rule.finds:
        return "a value of a Kubernetes Secret, which is encoded and not encrypted"
    if Finds.LITERAL in rule.finds and is_secret(setting.name, setting.value, rule.keys):
        return "the value of something named as a secret"
    if Finds.WEAK in rule.finds and _is_weak(setting.name, setting.value):
        return "a password that is a plain word"
    return ""


def _is_weak(name: str, value: str) -> bool:
    return is_weak_password(name, value) and not is_secret(name, value)


def is_secret(name: str, value: str, keys: frozenset[str] = frozenset()) -> bool:
    """Say whether the value of something with this name can be a secret. `keys`: further names that promise one."""
    if not _ONE_WORD.fullmatch(value):
        return False
    least = SHORTEST if name.lower() in keys else promised(name)
    return 0 < least <= len(value) and likely(value, quoted=True, short=least == SHORTEST)
