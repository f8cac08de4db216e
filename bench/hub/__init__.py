"""The hub under load, each time as a real process, on SQLite and on a PostgreSQL that writes to its disk.

stage       a hub with its tenants, started, killed, started again
asking      requests as edges and approvers send them
questions   approvals created and decided
usage       usage ingested, each message twice
"""
