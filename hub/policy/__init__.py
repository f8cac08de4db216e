"""Signed policy on its way, and what of it the hub itself reads. The hub signs none.

bundles      putting policy into a repository, and getting it; publishing: who may publish for whom
reading      the policy in a tenant's repository, verified from the tenant's root
plan         in which waves a release goes out
lifecycle    what can become of a release
health       whether it does harm
staging      publications that wait for their wave
releases     made, filled, started, halted
telling      what people are told of one
mover        the clerk's part: what is due is put in place, what does harm is halted
replaying    recorded calls, judged by two revisions;  replay_worker: the child that does it
endpoints    all of it by HTTP, for publishers
"""
