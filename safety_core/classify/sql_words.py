"""What SQL statements do, by the words they begin with."""

from __future__ import annotations

import re
from typing import Final

from safety_core.model.facts import Kind

TREE: Final = re.compile(r"\(|(?:SELECT|WITH|INSERT|REPLACE|UPSERT|UPDATE|DELETE|MERGE|VALUES|TABLE|FROM)\b")
"""Statements that are judged by their syntax tree."""

EXPLAIN: Final = re.compile(
    r"(?:EXPLAIN|DESC(?:RIBE)?(?=\s+(?:ANALY[ZS]E|FORMAT)\b))\s+(?P<options>(?:(?:\([^)]*\)|ANALY[ZS]E|VERBOSE|EXTENDED|PARTITIONS"
    r"|QUERY\s+PLAN|PLAN\s+FOR|PLAN|PIPELINE"
    r"|SYNTAX|AST|ESTIMATE|LOGICAL|DISTRIBUTED|FORMATTED|CODEGEN|COST|FORMAT\s*=\s*\w+"
    r"|USING\s+\w+)\s+)*)"
)
RUNS: Final = re.compile(r"ANALY[ZS]E(?!\s*(?:=\s*)?(?:FALSE|OFF|0)\b)|\"")
"""An option with which an explained statement is carried out, or one whose name is written in quotes."""

_OBJECT: Final = r"(?:CREATE|ALTER|DROP|RENAME)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
_ACCOUNT: Final = (
    r"(?:USER|ROLE|LOGIN|GROUP|POLICY|ROW\s+(?:ACCESS\s+)?POLICY|MASKING\s+POLICY|QUOTA"
    r"|SETTINGS\s+PROFILE|PROFILE"
    r"|DEFAULT\s+PRIVILEGES|CREDENTIAL|SECRET|PERSISTENT\s+SECRET|SERVER\s+ROLE"
    r"|APPLICATION\s+ROLE|CERTIFICATE"
    r"|(?:A?SYMMETRIC|MASTER)\s+KEY|NETWORK\s+POLICY)\b"
)
_CODE: Final = (
    r"(?:(?:TEMP(?:ORARY)?|AGGREGATE|DEFINER\s*=\s*\S+|CONSTRAINT|EXTERNAL|TRUSTED|PROCEDURAL"
    r"|EVENT|SECURE)\s+)*"
    r"(?:FUNCTION|PROC(?:EDURE)?|TRIGGER|EVENT|RULE|EXTENSION|LANGUAGE|AGGREGATE|ASSEMBLY"
    r"|PACKAGE|LIBRARY|TASK|JOB"
    r"|MACRO|OPERATOR|PLUGIN|COMPONENT|MODEL|JAVA)\b"
)
_REMOTE: Final = r"(?:SERVER|SUBSCRIPTION|PUBLICATION|FOREIGN\s+DATA\s+WRAPPER|USER\s+MAPPING|DATABASE\s+LINK)\b"

STATEMENTS: Final = tuple(
    (re.compile(pattern), kind, frozenset(traits.split()), words)
    for pattern, kind, traits, words in (
        (rf"{_OBJECT}{_REMOTE}", Kind.OUTWARD, "", "connects the database with another"),
        (rf"{_OBJECT}{_ACCOUNT}", Kind.PERMISSION, "", "changes who may use the database"),
        (
            r"GRANT\b|REVOKE\b|DENY\b|REASSIGN\s+OWNED\b|SECURITY\s+LABEL\b",
            Kind.PERMISSION,
            "",
            "changes who may use the database",
        ),
        (r"SET\s+PASSWORD\b", Kind.CREDENTIAL, "", "changes a password"),
        (
            r"SET\s+(?:LOCAL\s+|SESSION\s+)?(?:ROLE|SESSION\s+AUTHORIZATION|DEFAULT\s+ROLE)\b",
            Kind.PERMISSION,
            "",
            "works as somebody else",
        ),
        (
            r"SET\s+(?:@@)?(?:GLOBAL|PERSIST|PERSIST_ONLY)\b|ALTER\s+(?:SYSTEM|INSTANCE|CLUSTER"
            r"|WAREHOUSE|ACCOUNT)\b|SYSTEM\b|RECONFIGURE\b|DBCC\b",
            Kind.CONTROL,
            "",
            "changes how the database works",
        ),
        (
            r"(?:KILL|SHUTDOWN|RESTART|FLUSH|STOP|START\s+(?:SLAVE|REPLICA|GROUP_REPLICATION)"
            r"|CHANGE\s+(?:MASTER|REPLICATION)|RESET\s+(?:MASTER|SLAVE|REPLICA|PERSIST))\b",
            Kind.CONTROL,
            "",
            "stops something or changes how the database works",
        ),
        (r"PURGE\s+(?:BINARY|MASTER)\s+LOGS\b", Kind.DESTROY, "guard", "deletes the record of changes"),
        (
            r"DROP\s+(?:DATABASE|SCHEMA|KEYSPACE|CATALOG|OWNED|WAREHOUSE|TABLESPACE|COLLECTION|BUCKET"
            r"|ALL\s+TABLES)\b",
            Kind.DESTROY,
            "unbounded mass",
            "deletes a whole database",
        ),
        (r"DROP\s+(?:TEMP(?:ORARY)?\s+TABLE|SEQUENCE\s+CACHE)\b", Kind.WRITE, "", "drops a passing table"),
        (r"DROP\b", Kind.DESTROY, "unbounded", "drops a table or something else of the database"),
        (r"TRUNCATE\s+(?:DATABASE|ALL)\b", Kind.DESTROY, "unbounded mass", "empties a whole database"),
        (r"TRUNCATE\b", Kind.DESTROY, "unbounded", "empties a table"),
        (r"RESTORE\b", Kind.DESTROY, "", "overwrites a database"),
        (r"(?:PURGE|REMOVE|RM|FORGET|EXPIRE)\b", Kind.DESTROY, "", "deletes something"),
        (
            rf"CREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:IF\s+NOT\s+EXISTS\s+)?{_CODE}",
            Kind.RUN_CODE,
            "",
            "stores a program in the database",
        ),
        (rf"ALTER\s+{_CODE}", Kind.RUN_CODE, "", "changes a program in the database"),
        (
            r"(?:DO|CALL|EXEC|EXECUTE|LOAD(?!\s+DATA\b|\s+XML\b)|INSTALL|FORCE\s+INSTALL|PREPARE"
            r"|RUN)\b",
            Kind.RUN_CODE,
            "",
            "runs a program in the database",
        ),
        (
            r"ALTER\b.*\b(?:DISABLE|OWNER\s+TO|FORCE\s+ROW|AUTHORIZATION)\b",
            Kind.PERMISSION,
            "",
            "changes who may use the database",
        ),
        (
            r"ALTER\b.*\b(?:DROP|TRUNCATE|DETACH|MODIFY|CHANGE|TYPE|EXCHANGE|DISCARD|DELETE|UPDATE"
            r"|CLEAR)\b",
            Kind.DESTROY,
            "",
            "changes the structure of a table",
        ),
        (r"ALTER\s+DATABASE\b", Kind.CONTROL, "", "changes how the database works"),
        (
            r"ALTER\b.*\b(?:ADD|RENAME|SET|RESET|COMMENT|VALIDATE|ATTACH|ENABLE|ALTER|RESUME|SUSPEND"
            r"|REFRESH|CLUSTER|MATERIALIZE|MOVE|REPLICA|INCREMENT|RESTART)\b",
            Kind.WRITE,
            "",
            "changes a table",
        ),
        (
            r"CREATE\s+OR\s+REPLACE\s+(?:(?:TEMP(?:ORARY)?|TRANSIENT|EXTERNAL)\s+)?(?:TABLE|DATABASE"
            r"|SCHEMA)\b",
            Kind.DESTROY,
            "unbounded",
            "replaces a table",
        ),
        (r"(?:CREATE|CTAS)\b", Kind.WRITE, "", "creates a table or index"),
        (r"(?:UNLOAD|PUT|EXPORT\s+DATA|BACKUP)\b", Kind.OUTWARD, "bulk_read", "copies records elsewhere"),
        (r"(?:COPY|EXPORT|IMPORT|GET)\b", Kind.WRITE, "", "copies records to or from a file"),
        (r"LOAD\s+(?:DATA|XML)\b", Kind.WRITE, "", "loads records from a file"),
        (
            r"(?:ATTACH|DETACH|VACUUM|ANALY[ZS]E|REINDEX|CLUSTER|REFRESH|OPTIMIZE|COMPACT|REPAIR|MSCK"
            r"|CHECKPOINT|COMMENT|RENAME|LOCK|UNLOCK|LISTEN"
            r"|UNLISTEN|NOTIFY|DISCARD|RESET|SET|UNSET|HANDLER|CACHE|UNCACHE|CLEAR|UNDROP|EXCHANGE"
            r"|FREEZE|SYNC|COMMIT\s+PREPARED|ROLLBACK\s+PREPARED"
            r"|XA|BINLOG|BULK\s+INSERT|SOURCE|CAPTURE|MOVE)\b",
            Kind.WRITE,
            "",
            "changes something in the database",
        ),
        (
            r"(?:SHOW|DESC|DESCRIBE|HELP|USE|BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|END|SAVEPOINT"
            r"|RELEASE|ABORT|EXISTS|CHECK\s+TABLE|CHECKSUM|FETCH"
            r"|CLOSE|DECLARE|LIST|LS|SUMMARIZE|PIVOT|UNPIVOT|PRINT|GO|DEALLOCATE|CONSISTENCY|EXPAND"
            r"|PAGING|TRACING|EXIT|QUIT|STATUS|EXPLAIN)\b",
            Kind.READ,
            "",
            "looks something up",
        ),
    )
)
"""Beginnings of statements, in upper case; the first that fits counts. What fits none is not understood."""

READING_PRAGMAS: Final = re.compile(
    r"PRAGMA\s+(?:\w+\.)?(?:(?:TABLE_X?INFO|TABLE_LIST|INDEX_X?INFO|INDEX_LIST"
    r"|FOREIGN_KEY_LIST|INTEGRITY_CHECK|QUICK_CHECK"
    r"|FOREIGN_KEY_CHECK|STORAGE_INFO|SHOW)\s*(?:\(.*\))?|(?:DATABASE_LIST|COLLATION_LIST"
    r"|FUNCTION_LIST|MODULE_LIST"
    r"|PRAGMA_LIST|COMPILE_OPTIONS|USER_VERSION|SCHEMA_VERSION|DATA_VERSION|APPLICATION_ID"
    r"|PAGE_COUNT|PAGE_SIZE|FREELIST_COUNT"
    r"|ENCODING|JOURNAL_MODE|FOREIGN_KEYS|SYNCHRONOUS|CACHE_SIZE|AUTO_VACUUM|BUSY_TIMEOUT"
    r"|SHOW_TABLES|SHOW_TABLES_EXPANDED"
    r"|DATABASE_SIZE|VERSION|PLATFORM|USER_AGENT|SHOW_DATABASES|METADATA_INFO|FUNCTIONS"
    r"|COLLATIONS|LOCKING_MODE))\s*"
)
"""Pragmas that answer; the others, and all that are given a value, change settings."""
