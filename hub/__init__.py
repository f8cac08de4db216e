"""The control plane: one service for many tenants.

It holds no tenant secret and can approve nothing that policy reserves for people.

settings     what is configured, frozen, checked at start
keys         the hub's own keys: approvals, audit cosignatures, the console;  sealing: what it keeps for itself alone
context      what every endpoint has at hand; query: numbers in a query string
auth         who sends a request: a tenant by signature, an approver or publisher by token; how a key comes and goes
admission    letting signed requests in, each nonce once
bus          that there is something new: told to all who wait, in every process of the hub
streams      the edges that listen;  events: where they do
repository   signed policy as files
policy       signed policy on its way: releases in waves, and what the hub itself reads of it
openapi      the hub's own OpenAPI document
approvals    questions and answers, durable, settled once, and the feed that edges follow
notices      telling people: channels, reminders, one-use links; clerk: recurring work, by one process of several
billing      what was used, by period, and its way into invoices
fleet        the edges: what they report, and what is asked of them
happenings   what happened and is to be told: written down in the transaction that changes something
alerts       what a person should look at: raised once, told, over when it is over
roles        owner, author, admin, viewer, and at which tenants
people       who signs in;  console: pages for them
visible      text from agents, made safe to look at
store        all SQL;  migrations: how its tables came about
errors       refusals that only a service makes, and the status of each error
backup       all of it in one file, and back
app          the composition; server: serving it
admin        what is done on the hub's own machine;  command: `safety hub`
"""
