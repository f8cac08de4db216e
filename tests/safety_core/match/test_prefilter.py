"""What Hyperscan looks for in place of an expression."""

from __future__ import annotations

import pytest

from safety_core.match.prefilter import fenced, prefilter, reach, resolute


@pytest.mark.parametrize(
    ("expression", "simple"),
    [
        (r"(?<![A-Z])ab_[a-z]{36,255}(?![a-z])", r"ab_[a-z]{36}"),
        (r"[a-z]{64}-[a-z]{3,4}\{x", r"[a-z]{40,}-[a-z]{3,4}\{x"),
        (r"[a-z]{2,}x{0,40}y{64}", r"[a-z]{2,}x{0,40}y{40}"),
        (r"[a-z]{2,}x{0,60}", r"[a-z]{2}"),
        (r"(?i)(?<![a-z])key=([a-z]{48,60})", r"(?i)key=([a-z]{40})"),
        (r"(?<=[\"']([a-z]{6,9}))=x(?=[\s,]|$)", r"=x"),
        (r"a(b[0-9][^x]{0,99})", r"a(b[0-9])"),
    ],
)
def test_the_prefilter_counts_less(expression: str, simple: str) -> None:
    assert prefilter(expression) == simple


@pytest.mark.parametrize(
    ("expression", "characters"),
    [("ab_[a-z]{36}", 36), ("ab_[a-z]{36,255}", 255), ("[a-z]{9}-[0-9]{4}", 13), (r"a\{9}", 0), ("[a-z]{9,}", 4000)],
)
def test_a_match_is_looked_for_as_far_as_its_counts_reach(expression: str, characters: int) -> None:
    assert characters <= reach(expression) < characters + 1000


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        (r"ab_[a-z]{4,90}(?![a-z0-9])", r"ab_[a-z]{4,90}+(?![a-z0-9])"),
        (r"(?i)(ab_[a-z]+)(?![A-Z_])", r"(?i)(ab_[a-z]++)(?![A-Z_])"),
        (r"ab_[a-z]{4,90}(?![A-Z0-9])", r"ab_[a-z]{4,90}(?![A-Z0-9])"),
        (r"ab_[^x]*(?![^x])", r"ab_[^x]*+(?![^x])"),
        (r"ab_[a-z]{9}(?![a-z])", r"ab_[a-z]{9}(?![a-z])"),
    ],
)
def test_a_run_that_cannot_end_earlier_is_not_tried_shorter(expression: str, same: str) -> None:
    assert resolute(expression) == same


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        (r"a[^\s]{3}", r"a[^\xff\s]{3}"),
        (r"a[^]b]\[^[a-z]", r"a[^\xff\]b]\[^[a-z]"),
        (r"a[^-b]", r"a[^\xff\-b]"),
        (r"a\$[$]$", r"a\$[$](?:$|(?=\xff))"),
        (r"a(?=[,\s]|$)", r"a(?=[,\s]|(?:$|(?=\xff)))"),
    ],
)
def test_a_boundary_is_the_end_of_the_text(expression: str, same: str) -> None:
    assert fenced(expression) == same
