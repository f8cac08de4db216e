"""What Prometheus reads is what was counted, and nothing that a request said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from proxy.watching.metrics import Levels, exposition
from proxy.watching.traffic import Traffic
from tests.proxy.watching.exchanges import exchange, prompt


def scraped(traffic: Traffic, levels: Levels | None = None) -> dict[tuple[str, ...], float]:
    text = exposition(traffic, levels or Levels()).decode()
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_was_counted_is_told() -> None:
    traffic = Traffic()
    traffic.began(prompt())
    for changes in ({}, {}, {"status": 424, "rule": "BudgetError", "usage": None}):
        traffic.began(asked := prompt())
        traffic.ended(asked, exchange(waited=0.5, **changes))
    levels = Levels(
        approvals_pending=3,
        audit_entries=70,
        policy_age=12.5,
        cost=(("openai", "m-1", 1_500_000_000),),
        budgets={("ada", "usd/day"): 0.25},
        breaks=(5, 1),
    )
    found = scraped(traffic, levels)
    who = ("agent=ada", "model=m-1", "provider=openai")
    assert found["safety_requests_total", *who, "status=200"] == 2
    assert found["safety_requests_total", *who, "status=424"] == 1
    assert found["safety_tokens_total", "agent=ada", "kind=cache_read", "model=m-1", "provider=openai"] == 120
    assert found["safety_redactions_total",] == 6
    assert found["safety_refusals_total", "rule=BudgetError"] == 1
    assert found["safety_in_flight",] == 1
    assert found["safety_request_seconds_count",] == 3
    assert found["safety_waited_seconds_bucket", "le=0.5"] == 3
    assert found["safety_added_seconds_bucket", "le=+Inf"] == 3
    assert (found["safety_approvals_pending",], found["safety_audit_entries",]) == (3, 70)
    assert found["safety_policy_age_seconds",] == 12.5
    assert found["safety_cost_usd_total", "model=m-1", "provider=openai"] == 1.5
    assert found["safety_budget_used_ratio", "agent=ada", "budget=usd/day"] == 0.25
    assert (found["safety_prefix_breaks_total", "by=client"], found["safety_prefix_breaks_total", "by=redaction"]) == (
        4,
        1,
    )
    assert all(name.startswith("safety_") for name, *_ in found), "nothing about the process"


def test_without_a_policy_there_is_no_age() -> None:
    assert ("safety_policy_age_seconds",) not in scraped(Traffic())


def test_a_name_that_says_something_is_no_label() -> None:
    secrets: list[str] = []
    traffic = Traffic(lambda text: "SECRET_REF(x)" if text in secrets else text)
    for model in ("what is in my wallet?", "m-1", "m-2"):
        traffic.began(asked := prompt())
        traffic.ended(asked, exchange(model=model))
    secrets.append("m-2")
    text = exposition(traffic, Levels()).decode()
    assert "wallet" not in text
    assert "m-2" not in text
    assert 'safety_requests_total{agent="ada",model="other",provider="openai",status="200"} 2.0' in text


def test_the_edge_does_not_pay_for_what_nobody_scrapes() -> None:
    code = "import sys, proxy.app; print([name for name in sys.modules if name.startswith(('prometheus', 'opentel'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_the_page_lists_every_metric() -> None:
    page = (Path(__file__).parents[3] / "docs/egress.md").read_text()
    told = {*re.findall(r"`(safety_\w+)`", page)}
    text = exposition(Traffic(), Levels(policy_age=1.0)).decode()
    made = {
        family.name + ("_total" if family.type == "counter" else "") for family in text_string_to_metric_families(text)
    }
    assert told - {"safety_core"} == made
