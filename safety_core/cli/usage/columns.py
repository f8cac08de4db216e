"""Which column of a provider's usage export means what.

The exports change their headers now and then, so a header is known by any of several names, in any case and with any
signs between its words. What was recognised is told; what is not a usage export is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "time": (
        "start_time_iso",
        "start_time",
        "usage_date_utc",
        "usage_date",
        "bucket_start_time",
        "starting_at",
        "timestamp",
        "datetime",
        "date_utc",
        "date",
        "day",
        "hour",
        "time",
    ),
    "model": ("model_version", "model", "model_name", "model_id", "snapshot_id", "line_item"),
    "requests": ("num_model_requests", "n_requests", "num_requests", "request_count", "requests"),
    "input": (
        "input_tokens",
        "n_context_tokens_total",
        "prompt_tokens",
        "input_tokens_total",
        "context_tokens",
        "input",
    ),
    "input_uncached": (
        "usage_input_tokens_no_cache",
        "input_tokens_no_cache",
        "uncached_input_tokens",
        "input_no_cache",
    ),
    "cache_read": (
        "usage_input_tokens_cache_read",
        "input_cached_tokens",
        "cache_read_input_tokens",
        "cached_input_tokens",
        "input_tokens_cache_read",
        "cache_read_tokens",
        "cached_tokens",
        "cache_read",
    ),
    "cache_write": (
        "usage_input_tokens_cache_write_5m",
        "input_tokens_cache_write_5m",
        "cache_creation_input_tokens",
        "cache_creation_ephemeral_5m_input_tokens",
        "cache_write_tokens",
        "cache_write",
    ),
    "cache_write_1h": (
        "usage_input_tokens_cache_write_1h",
        "input_tokens_cache_write_1h",
        "cache_creation_ephemeral_1h_input_tokens",
        "cache_write_1h",
    ),
    "output": (
        "usage_output_tokens",
        "output_tokens",
        "n_generated_tokens_total",
        "completion_tokens",
        "generated_tokens",
        "output",
    ),
    "cost": ("cost_usd", "amount_value", "total_cost_usd", "cost_in_usd", "total_cost", "cost", "amount"),
}
"""Field -> the headers that mean it, the surest first. `input` includes what came from the cache, `input_uncached` does
not; `cache_write` is that of five minutes where one of an hour stands beside it."""

TOKENS: Final = ("input", "input_uncached", "cache_read", "cache_write", "cache_write_1h", "output")

_SIGNS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """How an export is read.

    Attributes:
        maker: "openai", "anthropic", or empty where its columns were named by hand, or tell nothing.
        places: field -> number of its column.
        headers: field -> the header as it stands in the file.
    """

    maker: str
    places: Mapping[str, int]
    headers: Mapping[str, str]


def columns_of(header: Sequence[str], named: Mapping[str, str]) -> Columns:
    """Return what the columns with these headers mean. `named`: field -> header, as somebody says it is.

    Raises:
        InputError: a named column is not there, or the file is no usage export.
    """
    plain = [_SIGNS.sub("_", name.strip().lower().lstrip("\ufeff")).strip("_") for name in header]
    places: dict[str, int] = {}
    for field, wanted in named.items():
        if field not in FIELDS:
            raise InputError(f"--column {field}", "is no field", f"one of {', '.join(FIELDS)}")
        if wanted not in header:
            raise InputError(f"--column {field}={wanted[:60]}", "is not in the file's header")
        places[field] = list(header).index(wanted)
    for field, names in FIELDS.items():
        known = [plain.index(name) for name in names if name in plain]
        if field not in places and known and known[0] not in places.values():
            places[field] = known[0]
    if "input_uncached" in places and "input" in places and "input" not in named:
        del places["input"]
    lacking = [field for field in ("time", "model") if field not in places]
    if lacking or not {*TOKENS, "cost"} & places.keys():
        if not header:
            raise InputError("usage export", "is empty", "export it anew")
        if len(header) == 1 and set(header[0]) & {";", "\t"}:
            raise InputError("usage export", "has no commas between its columns", "save it as CSV with commas")
        lacking = lacking or ["input", "output", "cost"]
        seen = ", ".join(repr(name[:40]) for name in header[:20])
        fix = f"name its columns: --column {lacking[0]}=HEADER"
        raise InputError("usage export", f"has no known column for {' or '.join(lacking)} among {seen}", fix)
    return Columns(_maker(plain), places, {field: header[place].strip() for field, place in places.items()})


def _maker(plain: Sequence[str]) -> str:
    if "model_version" in plain or any(name.startswith("usage_input_tokens") for name in plain):
        return "anthropic"
    if {"num_model_requests", "input_cached_tokens", "n_context_tokens_total", "amount_value"} & {*plain}:
        return "openai"
    return "anthropic" if "usage_date_utc" in plain else ""
