"""The prices of the package genai-prices -> the tables of prices.yaml.

Kept is what usage counts: tokens, and requests. What a price depends on besides (the mode of processing, the size of
the input, the hour) becomes a row of `when`. A model that is paid for otherwise (by the hour of audio, by the page)
stands there without a price, so that no other entry is taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any, Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError, UnavailableError
from safety_core.meter.cost import matches

NAMES: Final = {"gemini": "google", "bedrock": "aws"}
"""APIs of the edge that the package calls otherwise."""

USUAL: Final = ("anthropic", "openai", "gemini", "mistral", "cohere", "deepseek", "groq", "bedrock", "azure")
"""Whose models are kept where nothing else is asked for. OpenRouter resells as many again."""

FIELDS: Final = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio",
    "cache_audio_read_mtok": "cache_read_audio",
    "requests_kcount": "request",
}
"""Prices of the package that usage can be held against."""

MODES: Final = {
    ("processing", "batch"): "batch",
    ("service_tier", "priority"): "priority",
    ("service_tier", "flex"): "flex",
    ("service_tier", "fast"): "fast",
    ("speed", "fast"): "fast",
}
"""What a response may say of how it was processed; see `Usage.mode`."""

_PARTS: Final = re.compile(r"\\d(?:\{(\d+)\})?|\[([^\]\\^-]|[^\]\\^]-?|-[^\]\\^]+)\]|\\([.\-/:@_])|([a-z0-9_:/@~-])")
_NOT: Final = re.compile(r"\^\(\?!\.\*([^()]*)\(\?:\$\|-\)\)")


@dataclass(frozen=True, slots=True)
class Names:
    """Patterns of a model's names, and of what is no name of it."""

    match: tuple[str, ...]
    but: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """The tables, and which models could not be said."""

    tables: JsonObject = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def package() -> tuple[Any, str]:
    """Return the package's providers, and its version.

    Raises:
        UnavailableError: it is not installed.
    """
    try:
        import genai_prices  # late: it takes 70 MB, and only this command needs it
        from genai_prices.data_snapshot import get_snapshot
    except ImportError as error:
        fix = "pip install 'safety-gateway[prices]'"
        raise UnavailableError("package genai-prices", "is not installed", fix) from error
    return get_snapshot().providers, genai_prices.__version__


def tables(providers: Any, wanted: Collection[str], models: Collection[str], at: datetime) -> Found:
    """Return the tables of the `wanted` providers, as prices.yaml has them.

    Args:
        wanted: names of the edge's APIs or of the package's providers; empty: all.
        models: patterns of the models to keep, empty: all.
        at: when the prices hold, a time with its zone.

    Raises:
        InputError: a provider that the package does not know.
    """
    known = {provider.id: provider for provider in providers}
    ours = {there: here for here, there in NAMES.items()}
    chosen = {name: NAMES.get(name, name) for name in wanted} or {ours.get(name, name): name for name in known}
    found = Found()
    for name, source in chosen.items():
        if source not in known:
            raise InputError(f"provider {name}", "is not in genai-prices", f"it has {', '.join(sorted(known))}")
        entries: list[Json] = [*_entries(known[source], models, at, found)]
        also: list[Json] = [ours.get(one, one) for one in known[source].fallback_model_providers or ()]
        table: JsonObject = {"also": [one for one in also if one in chosen], "models": entries}
        found.tables[name] = {key: value for key, value in table.items() if value}
    return found


def _entries(provider: Any, models: Collection[str], at: datetime, found: Found) -> Iterator[JsonObject]:
    for model in provider.models:
        if models and not any(matches(pattern, model.id.lower()) for pattern in models):
            continue
        names = names_of(model.match)
        if names is None:
            found.left_out.append(f"{provider.id} {model.id}")
            continue
        rates = _rates(model, at)
        yield {"match": [*names.match], **({"except": [*names.but]} if names.but else {}), **rates}


def names_of(clause: Any) -> Names | None:
    """Return the patterns that say what a clause of the package says; None where none do."""
    kind = next(iter(vars(clause)))
    value = getattr(clause, kind)
    if kind == "or_":
        parts = [names_of(one) for one in value]
        if any(part is None for part in parts):
            return None
        said = [part for part in parts if part is not None]
        return Names(_joined(part.match for part in said), _joined(part.but for part in said))
    if kind == "and_":
        return _both(value)
    if kind == "regex":
        return _expanded(value)
    text = value.lower()
    form = {"equals": text, "starts_with": f"{text}*", "ends_with": f"*{text}", "contains": f"*{text}*"}[kind]
    return None if re.search(r"[\s#*]", text) else Names((form,))


def _joined(parts: Iterator[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part))


def _both(clauses: Any) -> Names | None:
    """A name, and not one that bears a certain word as a part of its own: the one conjunction that is in use."""
    first, *rest = clauses
    names = names_of(first)
    words = [_NOT.fullmatch(getattr(one, "regex", "")) for one in rest]
    if names is None or not all(words):
        return None
    texts = [re.sub(r"\[([a-z])[A-Z]\]", r"\1", word[1]) for word in words if word]
    return Names(names.match, tuple(form for text in texts for form in (f"*{text}", f"*{text}-*")))


def _expanded(expression: str) -> Names | None:
    """Return a regular expression of letters, digits and single choices as patterns."""
    inner = expression.removeprefix("^").removesuffix("$")
    choices: list[tuple[str, ...]] = []
    at = 0
    while at < len(inner):
        part = _PARTS.match(inner, at)
        if part is None:
            return None
        count, choice, escaped, plain = part.groups()
        digits = "#" * int(count or 1)
        choices.append(tuple(choice) if choice else (escaped or plain or digits,))
        at = part.end()
    before, after = "" if expression.startswith("^") else "*", "" if expression.endswith("$") else "*"
    return Names(tuple(before + "".join(parts) + after for parts in product(*choices)))


def _rates(model: Any, at: datetime) -> JsonObject:
    """Return a model's prices at a time, and its rows of `when`."""
    base, by_hour = _standard(model, at)
    if not vars_of(base):
        return {"input": "0", "output": "0"}
    rates = dict(_plain(base))
    if not rates:
        return {}
    cases: list[Json] = [
        *(case for begin, end, prices in by_hour for case in _cases(prices, {"from": begin, "to": end}, usual=True)),
        *_cases(base, {}),
    ]
    for mode, prices in _modes(model, at).items():
        cases += _cases(prices, {"mode": mode}, usual=True)
    return {**rates, **({"when": cases} if cases else {})}


def _standard(model: Any, at: datetime) -> tuple[Any, list[tuple[str, str, Any]]]:
    """Return the prices of most of the day, and those of certain hours of it, as the package chooses them."""
    if not isinstance(model.prices, list):
        return model.prices, []
    base, by_hour = model.prices[0].prices, []
    for conditional in model.prices:
        limit = conditional.constraint
        if hasattr(limit, "start_time"):
            by_hour.append((f"{limit.start_time:%H:%M}", f"{limit.end_time:%H:%M}", conditional.prices))
        elif limit is None or limit.active(at):
            base, by_hour = conditional.prices, []
    return base, by_hour


def _modes(model: Any, at: datetime) -> Mapping[str, Mapping[str, Any]]:
    """Return the prices of each mode; of two variants the first one counts, price by price."""
    found: dict[str, dict[str, Any]] = {}
    for variant in model.price_variants or ():
        mode = MODES.get(next(iter(variant.when.items()))) if len(variant.when) == 1 else None
        limit = variant.constraint
        if mode and (limit is None or (not hasattr(limit, "start_time") and limit.active(at))):
            for key, price in vars_of(variant.prices).items():
                found.setdefault(mode, {}).setdefault(key, price)
    return found


def vars_of(prices: Any) -> Mapping[str, Any]:
    """Return the prices that there are, by the package's names."""
    return {
        key: value for key, value in (prices if isinstance(prices, dict) else vars(prices)).items() if value is not None
    }


def _plain(prices: Any) -> Iterator[tuple[str, str]]:
    found = vars_of(prices)
    for key, name in FIELDS.items():
        if key in found:
            yield name, _text(key, getattr(found[key], "base", found[key]))


def _cases(prices: Any, when: JsonObject, *, usual: bool = False) -> Iterator[JsonObject]:
    """Yield a row for each size of the input from which on prices are others; `usual`: one for any size before."""
    if usual and (rates := dict(_plain(prices))):
        yield {**when, **rates}
    sizes = sorted({tier.start for value in vars_of(prices).values() for tier in getattr(value, "tiers", ())})
    for size in sizes:
        rates = {
            name: _text(key, tier.price)
            for key, name in FIELDS.items()
            for tier in getattr(vars_of(prices).get(key), "tiers", ())
            if tier.start == size
        }
        if rates:
            yield {**when, "above": size, **rates}


def _text(key: str, price: Decimal) -> str:
    return f"{(price / 1000 if key == 'requests_kcount' else price).normalize():f}"
