"""The control plane: one service for many tenants.

It holds no tenant secret and can approve nothing that policy reserves for people.

settings     what is configured, frozen, checked at start
keys         the hub's own keys: approvals, audit cosignatures, the console
context      what every endpoint has at hand; query: numbers in a query string
auth         who sends a request: a tenant by signature, an approver or publisher by token
admission    letting signed requests in, each nonce once
bus          that there is something new: told to all who wait, in every process of the hub
streams      the edges that listen;  events: where they do
tenants      registration
repository   signed policy as files; bundles: putting it there, and getting it
policy       releases in waves, and what the hub reads of the policies in its repositories
openapi      the hub's own OpenAPI document
approvals    questions and answers, durable, settled once, and the feed that edges follow
notices      telling people: channels, reminders, one-use links; clerk: recurring work, by one process of several
billing      what was used, by period, and its way into invoices
fleet        the edges: what they report, and what is asked of them
alerts       what a person should look at: raised once, told, over when it is over
revocation   taking a tenant's key back
people       who signs in, and what they may do;  console: pages for them
store        all SQL;  migrations: how its tables came about
errors       refusals that only a service makes, and the status of each error
backup       all of it in one file, and back
app          the composition; server: serving it
admin        what is done on the hub's own machine; command: `safety hub`; running: what each command does first
"""
