"""JSON between plugin, edge and hub: parse into a model value, or refuse.

reader      typed access to untrusted JSON; every refusal names the field
names       names and ids, short and fit for a screen
calls       tool calls and their answers (plugin or SDK <-> edge)
plans       several calls, judged together before they are made (command line -> edge)
presence    check-ins and check-outs (plugin -> edge)
turns       turns that begin, and usage as a host saw it (plugin -> edge)
halts       the kill switch (command line -> edge)
decisions   what people decided, to and from a chat (plugin <-> edge)
lineage     sessions that agents start (plugin -> edge)
recorded_calls   calls as `safety classify` takes them and as OpenClaw records them -> one form
outbound    what an agent says to people, and who has written to it (plugin -> edge)
sse         server-sent events, byte for byte (provider -> edge -> client)
lenient     JSON of others, as far as it is understood (provider -> edge)
lines       lines and messages, byte for byte (the same way)
aws_events   messages of the AWS event stream, byte for byte (the same way)
errors      an error, as every answer tells it
schema      JSON Schema, and the builders that our OpenAPI documents are written with
openapi     the document itself, made from a table (edge, hub)
approvals   requests and grants (edge <-> hub <-> approver)
feed        grants, edits, outward grants and their ends (hub -> edge), and what became of questions (edge -> hub)
signed      requests that carry a tenant's signature (edge -> hub)
posture     what `safety doctor` found (doctor -> edge -> hub)
usage_report   usage over a span of time, summed up (command line <-> edge)
fleet       heartbeats and usage (edge -> hub)
activity    parts of a heartbeat: counts, agents, backups (edge -> hub)
hints       what there may be news of (hub -> edge)
usage_rows  usage as rows for a database, by the thousand (edge -> hub)
connections   connected services: their settings, and what was pinned of them (disk -> edge)
executions  what the edge carried out (edge -> command line)
orders      what the hub asks of an edge, and what came of it (hub <-> edge)
"""
