"""All SQL of the hub. Functions take an open connection; one transaction belongs to the caller.

engine       opening a database, read and write transactions
schema       the tables
happenings jobs  what is still to be told; leases of recurring work
rollouts running  releases of policy; which revision runs where, and how calls go under it
tenants tokens nonces approvals usage fleet      one table (or two) each
feed                                             what each edge is told, in order
people sessions deeds                            who signs in, and what they did
"""
