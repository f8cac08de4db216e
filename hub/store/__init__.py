"""All SQL of the hub. Functions take an open connection; one transaction belongs to the caller.

engine       opening a database, read and write transactions;  sqlite: short statements without another thread
relay        words between the hub's processes on one PostgreSQL
snapshot     all tables as rows, from one database and into another
schema       the tables
happenings outbox channels telling delegations links webhooks    what people are told, by which channel, and how
jobs         leases of recurring work
rollouts running  releases of policy; which revision runs where, and how calls go under it
tenants tokens nonces approvals usage billing fleet      one table (or two) each;  approver_keys: public keys, from two
checkpoints alerts orders                        audit logs as the hub saw them, what needs a look, what edges are to do
feed standing outcomes                           what an edge is told, in order; edits, outward grants; what came of it
people passkeys totp identities challenges sessions deeds        who signs in, and what they did
"""
