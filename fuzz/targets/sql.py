"""SQL, in the dialects that servers speak: whatever the text, it is read or said not to be understood."""

from __future__ import annotations

from fuzz.trial import Target
from safety_core.classify.sql import sql_actions
from safety_core.model.facts import Action, Kind

_DIALECTS = ("", "postgres", "mysql", "sqlite", "tsql", "duckdb", "bigquery", "snowflake")


def start() -> Target:
    """Return the reader; the first byte says of which dialect."""

    def read(raw: bytes) -> None:
        dialect = _DIALECTS[(raw[0] if raw else 0) % len(_DIALECTS)]
        text = raw[1:].decode("utf-8", "replace")
        found = [*sql_actions(text, "sql", dialect)]
        for each in found:
            assert isinstance(each, Action | str), "neither an effect nor a reason"
        after = [*sql_actions(f"drop table shop;\n{text}", "sql", dialect)]
        grave = any(isinstance(each, str) or each.kind is Kind.DESTROY for each in after)
        assert grave, "what is deleted before it is not seen any more"

    return read
