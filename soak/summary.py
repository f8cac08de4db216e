"""What happened how often, as a table, as JSON, and as the part of `docs/soak.md` between its marks."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soak.running import Plan, Run


def summed_up(plan: Plan, run: Run, folder: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Return all numbers of one soak. `report`: the reader's."""
    chaos, agent = _notes(folder, "chaos"), _notes(folder, "agent")
    away = [note["seconds"] for note in agent if note["what"] == "away"]
    ended = Counter(note["who"] for note in chaos if note["what"] == "ended" and not note["wanted"])
    return {
        "seed": plan.seed,
        "seconds": round(run.seconds, 1),
        "load": dict(run.load),
        "rate": next((note["rate"] for note in agent if note["what"] == "paced"), 0),
        "faults": dict(sorted(Counter(note["kind"] for note in chaos if note["what"] == "fault").items())),
        "unasked ends": dict(ended),
        "starts": dict(Counter(note["who"] for note in chaos if note["what"] == "started")),
        "answers": _answers(agent),
        "prompts": dict(Counter(str(note["status"]) for note in agent if note["what"] == "told")),
        "longest without a permission (s)": max(away, default=0.0),
        "times without a permission": len(away),
        "read": report["numbers"],
        "findings": report["findings"],
    }


def _answers(agent: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for note in agent:
        if note["what"] == "answer":
            found[note["how"]][note["status"]] += 1
    return {how: dict(sorted(counted.items())) for how, counted in found.items()}


def _notes(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "notes" / f"{name}.jsonl").read_bytes().splitlines()]


def as_table(found: dict[str, Any]) -> str:
    """Return the numbers for a terminal and for Markdown alike."""
    return "\n".join(_lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"seed {found['seed']}, {found['seconds'] / 60:.1f} minutes of faults, {found['rate']} operations a second"
    yield f"(half of the {found['load']['capacity']} that were measured)"
    yield ""
    yield "| what | how often |"
    yield "|---|---|"
    for name, number in found["faults"].items():
        yield f"| fault: {name.replace('_', ' ')} | {number} |"
    for who, number in sorted(found["starts"].items()):
        yield f"| starts of the {who} (of these after an end that nobody asked for) | {number} ({_of(found, who)}) |"
    for how, counted in sorted(found["answers"].items()):
        yield f"| answers to `{how}` | {', '.join(f'{number:,} {status}' for status, number in counted.items())} |"
    prompts = ", ".join(f"{number:,} x {status}" for status, number in sorted(found["prompts"].items()))
    yield f"| prompts, by status (0: the line broke) | {prompts} |"
    yield f"| longest time without a permission | {found['longest without a permission (s)']:.1f} s |"
    for name, number in found["read"].items():
        yield f"| {name} | {number:,} |"
    yield f"| **findings** | **{len(found['findings'])}** |"


def _of(found: dict[str, Any], who: str) -> int:
    return int(found["unasked ends"].get(who, 0))
