"""A hub in one file: all tables from one moment, the repositories, and the keys if asked for.

archive     the file: its members, their digests, its reading without trust in their names
making      from a hub that may be serving
restoring   into an empty one, on SQLite or PostgreSQL, from either
"""
