"""Signed policy on its way, and what of it the hub itself reads. The hub signs none.

reading      the policy in a tenant's repository, verified from the tenant's root
shelf        what was read before, by digest
publication  a publication as it is sent, read strictly;  publishing: who may publish for whom
staging      publications that wait for their wave;  releases: made, filled, started, halted;  mover: the clerk's part
plan         in which waves a release goes out;  lifecycle: what can become of it;  health: whether it does harm
"""
