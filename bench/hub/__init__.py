"""The hub under load, each time as a real process, on SQLite and on a PostgreSQL that writes to its disk.

stage       a hub with its tenants, started, killed, started again
asking      requests as edges and approvers send them
questions   approvals created and decided
usage       usage ingested, each message twice
page        the console's first page: its weight, and how long it takes
pictures    takes the pictures of the console that the documentation shows
"""
