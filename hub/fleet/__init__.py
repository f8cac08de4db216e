"""The edges: what they report, what of it a person should look at, and what is asked of them.

heartbeats   taken in, and counted by the hour
concerns     what in a heartbeat a person should look at
witness      the hub's memory of each tenant's audit log
usage        token totals, monotone
orders       halt, resume, pull, doctor, backup: given by people, fetched by the edge, settled by its result
"""
