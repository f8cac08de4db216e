"""What is typed into a database's client: SQL, and the client's own commands (`\\! ls`, `.shell ls`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_BLOCK: Final = r"/\*.*?\*/"
_QUOTED: Final = (
    rf"--[^\r\n]*|{_BLOCK}|(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
    r"|\"[^\"]*\"|(?<![\w$])\$(?P<tag>(?!\d)\w*)\$.*?\$(?P=tag)\$"
)
_ESCAPED: Final = rf"--(?=\s|\Z)[^\n]*|{_BLOCK}|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"
_BACKSLASHED: Final = re.compile(rf"{_QUOTED}|(?P<own>\\(?:[A-Za-z?!.#]+\+?)[^\n\\]*)", re.DOTALL)
_MYSQL: Final = re.compile(
    rf"{_ESCAPED}|#[^\n]*|(?P<own>\\[A-Za-z!.#]|^[ \t]*(?:system|source|tee|notee|pager|nopager|edit"
    rf"|delimiter|rehash|charset|prompt|connect"
    r"|resetconnection|warnings|nowarning|clear|ego|go|print|query_attributes"
    r"|ssl_session_data_print)\b)(?P<rest>[^\n]*)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_DOTTED: Final = re.compile(r"^[ \t]*(?P<own>\.[A-Za-z][^\n]*)", re.MULTILINE)
_SQLCMD: Final = re.compile(r"^[ \t]*(?P<own>(?::|!!)[^\n]*)", re.MULTILINE)
_SQLPLUS: Final = re.compile(
    r"^[ \t]*(?P<own>(?:@|!|host\b|ho\b|start\b|sta\b|spool\b|spo\b|save\b|edit\b|ed\b"
    r"|connect\b|conn\b|password\b|passw\b"
    r"|column\b|col\b|prompt\b|ttitle\b|define\b|whenever\b)[^\n]*)",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Client:
    """One client.

    Attributes:
        dialect: sqlglot's name of the language that its server understands; "" where that is not known.
        own: finds the client's own commands; group `own`, with the group `rest` where it has one.
    """

    dialect: str = ""
    own: re.Pattern[str] | None = None

    def read(self, text: str) -> tuple[list[str], str]:
        """Return the client's own commands, and the SQL without them."""
        if self.own is None:
            return [], text
        found: list[str] = []

        def take(match: re.Match[str]) -> str:
            if match["own"] is None:
                return match[0]
            groups = match.groupdict()
            found.append((match["own"] + (groups.get("rest") or "")).strip())
            return ";"

        return found, self.own.sub(take, text)


CLIENTS: Final = {
    "sql": Client(),
    "psql": Client("postgres", _BACKSLASHED),
    "mysql": Client("mysql", _MYSQL),
    "sqlite": Client("sqlite", _DOTTED),
    "duckdb": Client("duckdb", _DOTTED),
    "sqlcmd": Client("tsql", _SQLCMD),
    "sqlplus": Client("oracle", _SQLPLUS),
    "cql": Client("", None),
    **{
        name: Client(name)
        for name in ("clickhouse", "snowflake", "bigquery", "hive", "spark", "trino", "presto", "redshift")
    },
}
"""Languages of the catalogue (`code:psql`) that are SQL. Patterns under the same name judge a client's own commands."""
