"""Do edge, hub and provider count the same?

The provider numbers the answers of each model's name and states a power of two for each, so the bits of a total say
which answers are in it (see `soak/provider.py`). Of an answer whose statement never reached the edge, the edge counts
an estimate, which stays in the lowest bits. What was stated and is not in the books is one of two things:

    estimated   the line broke before the statement was through: the books have an estimate in its place
    killed      the edge came to an end (kill -9, no memory) between the prompt and the writing of its books

Each is counted; that the second happens is a known limit, and that it happens only beside such an end is checked.
Where the line broke right behind the statement, the answer is in the books as stated and counts as an estimate all the
same: as many as there are of these, so many prompts were not answered whole. Where it broke before the provider had the
request, the edge cannot know that; its estimate stands for a prompt that was sent and never arrived.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final

from soak.reader.evidence import Evidence, rows
from soak.reader.finding import Report

USAGE: Final = "usage"
FREE_BITS: Final = 14
COUNTED: Final = 15
SECONDS: Final = 12.0
"""Between a statement and its place in the books: what could not be written to a full disk is tried again."""
FIELDS: Final = "hour, agent, provider, model, requests, estimated, input_total, output_total"


def check_totals(evidence: Evidence, report: Report) -> None:
    """Hold the edge's books against the provider's, and the hub's against the edge's."""
    at_edge = sorted(rows(evidence.edge, f"SELECT {FIELDS} FROM usage_bucket"))
    at_hub = sorted(rows(evidence.hub, f"SELECT {FIELDS} FROM usage"))
    if at_edge != at_hub:
        report.wrong(USAGE, f"the hub does not count as the edge: {_difference(at_edge, at_hub)}")
    stated = _by_model(evidence, "stated")
    sent = Counter(note["model"] for note in evidence.agent if note["what"] == "prompt")
    broken = Counter(note["model"] for note in evidence.agent if note["what"] == "told" and not note["whole"])
    arrived = _by_model(evidence, "arrived")
    booked, requests, estimated = _booked(at_edge, report)
    ends = _ends(evidence)
    lost = replaced = 0
    for model in sorted(arrived.keys() | booked.keys()):
        missing = {number: note for number, note in stated[model].items() if number not in booked[model]}
        for number in booked[model] - stated[model].keys():
            report.wrong(USAGE, f"answer {number} of {model} is in the books, and the provider never stated it")
        killed = {number for number, note in missing.items() if _beside(note["at"], ends)}
        unstated = len(arrived[model]) - len(stated[model])
        others = len(missing) - len(killed)
        guesses = requests[model] - len(booked[model])
        if others > guesses:
            what = f"{others} answers of {model} are not in the books, which have {guesses} estimates"
            report.wrong(USAGE, f"{what}, and nothing ended beside them")
        room = unstated + len(missing) + max(sent[model] - len(arrived[model]), 0)
        if guesses > room:
            report.wrong(USAGE, f"{guesses} estimates of {model} stand for {room} prompts")
        if not guesses <= estimated[model] <= guesses + broken[model]:
            told = f"{requests[model]} requests, {estimated[model]} of them estimated, {len(booked[model])} as stated"
            report.wrong(USAGE, f"{model}: {told}, and {broken[model]} prompts that were not answered whole")
        instead = min(max(guesses - unstated, 0), len(missing))
        replaced += instead
        lost += len(missing) - instead
    report.count("answers that the provider stated", sum(len(one) for one in stated.values()))
    report.count("of these in the books as stated", sum(len(one) for one in booked.values()))
    report.count("of these in the books as estimates", replaced)
    report.count("of these lost in a kill between answer and books", lost)
    guessed = sum(requests.values()) - sum(len(one) for one in booked.values())
    report.count("estimates of answers never stated", guessed - replaced)


def check_shown(evidence: Evidence, report: Report) -> None:
    """A whole answer that is no stream is shown once it is in the books: no kill takes it out of them again."""
    at_edge = sorted(rows(evidence.edge, f"SELECT {FIELDS} FROM usage_bucket"))
    booked, _, _ = _booked(at_edge, Report())
    numbers = {note["token"]: (note["model"], note["number"]) for note in evidence.provider if note["what"] == "stated"}
    streams = {note["token"] for note in evidence.agent if note["what"] == "prompt" and note["stream"]}
    ends = _ends(evidence, faults=True)
    whole = [note for note in evidence.agent if note["what"] == "told" and note["whole"]]
    for note in whole:
        model, number = numbers.get(note["token"], ("", -1))
        if note["token"] in streams or number in booked[model]:
            continue
        if number < 0:
            report.wrong(USAGE, f"prompt {note['token']} was answered, and the provider stated nothing")
        elif not _beside(note["at"], ends):
            report.wrong(USAGE, f"prompt {note['token']} was answered whole, and is not in the books")
    report.count("prompts answered whole", len(whole))


def _by_model(evidence: Evidence, what: str) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for note in evidence.provider:
        if note["what"] == what:
            found[note["model"]][note["number"]] = note
    return found


def _booked(at_edge: list[tuple[Any, ...]], report: Report) -> tuple[dict[str, set[int]], Counter[str], Counter[str]]:
    """Return, by model: which answers are in the totals, how many requests, and how many of these are estimates."""
    requests, estimated, given, made = (Counter[str]() for _ in range(4))
    for _, _, _, model, some, guessed, went, came in at_edge:
        requests[model] += some
        estimated[model] += guessed
        given[model] += went
        made[model] += came
    booked: dict[str, set[int]] = defaultdict(set)
    for model in requests:
        for total, first in ((given[model], 0), (made[model], COUNTED)):
            bits = total >> FREE_BITS
            if bits >> COUNTED:
                report.wrong(USAGE, f"an answer of {model} is in the books twice")
            booked[model] |= {first + bit for bit in range(COUNTED) if bits >> bit & 1}
    return booked, requests, estimated


def _ends(evidence: Evidence, *, faults: bool = False) -> list[tuple[float, float]]:
    """Return when the edge came to an end that nobody had asked for; with `faults`, also when its disk was full."""
    found = [
        (note["at"], note["at"])
        for note in evidence.chaos
        if note["what"] == "ended" and note["who"] == "edge" and not note["wanted"]
    ]
    full = [note for note in evidence.chaos if note["what"] == "fault" and note["kind"] == "full_disk_edge"]
    return found + ([(note["since"], note["until"]) for note in full] if faults else [])


def _beside(at: float, ends: list[tuple[float, float]]) -> bool:
    return any(begin - SECONDS <= at <= end + 1 for begin, end in ends)


def _difference(at_edge: list[tuple[Any, ...]], at_hub: list[tuple[Any, ...]]) -> str:
    more, less = set(at_edge) - set(at_hub), set(at_hub) - set(at_edge)
    return f"{len(more)} buckets only at the edge, {len(less)} only at the hub, such as {min(more | less)}"
