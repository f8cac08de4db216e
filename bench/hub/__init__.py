"""The hub under load, each time as a real process, on SQLite and on a PostgreSQL that writes to its disk.

stage       a hub on either database
decisions   from a decision at the hub to the call that waits for it at an edge
crowd       ten thousand edges that listen
questions   approvals created and decided
usage       usage ingested, each message twice
kill        kill -9 at random moments; `python -m bench.hub.kill 200` by itself
races       one question answered in several ways at once
page        the console's first page in a real Chromium
pictures    takes the pictures of the console that the documentation shows
"""
