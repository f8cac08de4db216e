"""Every section of a run, in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from bench import borrowed, edge_memory, executing, known, openclaw, orders, redact, registry
from bench.egress import section as egress
from bench.figure import Figure
from bench.hub import crowd, decisions, kill, page, questions, races, usage
from bench.judging import comparison, latency, loading
from bench.section import Collected, Section, Tell


def listed(figures: Callable[[], Iterable[Figure]]) -> Callable[[Collected, Tell], None]:
    """Return how a section is measured that yields figures and has no steps to tell of."""
    return lambda collected, _: collected.take(figures())


SECTIONS: Final = (
    Section("redact", "redaction beside the limits of the machine and the peers", redact.measure),
    Section("secrets", "redaction with 10, 1,000 and 10,000 known secrets", known.measure),
    Section("registry", "building a registry and holding it", listed(registry.figures)),
    Section("alarms", "false alarms on what is installed here", borrowed.alarms),
    Section("hold", "what a stream holds back", borrowed.hold),
    Section("words", "words that speak to a model, and numbers: texts made to take long", listed(orders.figures)),
    Section("judging", "judging a command under 10, 1,000 and 10,000 rules", latency.measure),
    Section("guards", "our judge and others' guards on the same calls", comparison.measure),
    Section("bundle", "a policy with many rules comes into force", listed(loading.figures)),
    Section("edge", "memory of a running edge", listed(edge_memory.figures)),
    Section("egress", "the egress beside a direct call and other proxies", egress.speeds),
    Section("egress-streams", "streams through the egress", egress.streamed),
    Section("egress-slow", "slow upstreams, clients that leave, large bodies", egress.patient),
    Section("openclaw", "OpenClaw with the plugin and without", listed(openclaw.figures)),
    Section("hub-decision", "a decision at the hub and the call that waits for it", listed(decisions.figures)),
    Section("hub-edges", "ten thousand edges that listen", listed(crowd.figures)),
    Section("hub-approvals", "approvals created and decided", listed(questions.figures)),
    Section("hub-usage", "usage ingested", listed(usage.figures)),
    Section("hub-races", "one question answered in several ways at once", listed(races.figures)),
    Section("hub-page", "the console's first page in a Chromium", listed(page.figures)),
    Section("hub-kill", "kill -9 under load", listed(kill.figures)),
    Section("executing", "commands and operations of connected services", listed(executing.figures)),
)


def chosen(names: Iterable[str]) -> list[Section]:
    """Return the sections of these names, in order; `hub` stands for all that begin with `hub-`.

    Raises:
        KeyError: there is none of such a name.
    """
    found: set[str] = set()
    for name in names:
        alike = {section.name for section in SECTIONS if section.name == name or section.name.startswith(f"{name}-")}
        if not alike:
            raise KeyError(name)
        found |= alike
    return [section for section in SECTIONS if section.name in found]
