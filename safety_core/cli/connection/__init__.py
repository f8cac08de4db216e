"""`safety connection`: the services that agents may use, tried out, and what they describe, looked at and pinned.

command      the group: list, check, show, pin
settings     which connections the edge's settings name, and where its folder is
trying       one operation of a connection, run as the edge runs it
pinning      what a service describes now, beside what is pinned of it
listed       what agents can call where the policy lists it
description  an OpenAPI description, from a file or an address
hostile      words of others: what is suspicious in them, and how they are shown on a terminal
"""
