"""Databases: one operation in one transaction, on PostgreSQL, MySQL or MariaDB, or SQLite.

serve      the operations: query, execute, explain, schema, check; what is certain and what is not when one fails
alike      refuses a statement that this engine reads otherwise than it was judged
job        a call's arguments -> what is to be done; the statements that an operation takes
place      a connection's target -> where its database is, at which addresses, and how far TLS goes
session    what an engine can do, and how its faults are told
postgres   PostgreSQL, by asyncpg
mysql      MySQL and MariaDB, by PyMySQL;  mysql_wire: prepared statements in their binary protocol
sqlite     SQLite, with statements kept to the one file
acts       the table of finished acts, by which a second try tells that the first came about
rows       rows as JSON, as many as there is room for
undo       the call that takes an insertion back
values     JSON -> what PostgreSQL's parameters want
"""

from safety_core.edge.adapters.sql.serve import serve

__all__ = ["serve"]
