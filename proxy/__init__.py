"""The edge: the one process on the customer's server that stands between the agent and the world.

command     `safety edge`: reads settings, checks, runs
settings    every setting, with its meaning;  settings_source reads them from a file and the environment
execute_source  what bounds the commands that it runs, read from the settings
app         puts the parts together and apart again;  parts opens keys, stores and hub, engine the engine
serve       the listeners in one process, from ready to a clean end;  sockets: listening safely
control     the control listener: what the plugin, the command line and people ask
calls       one tool call, from its question to its answer;  caller: who waits for that
sessions    what is remembered of sessions
guards      who may ask a model now
egress      what passes between a client and its provider
providers   what is particular to each provider's API
spending    what models may cost, and what they did
upstream    the one way out to a provider
forward     the way out of all other software
watching    what people see of the traffic: live, for Prometheus, as spans, in the log
background  what goes on beside the calls: policy, approvals, usage, heartbeat, orders
force       what is in force: a trusted policy, its engine and patterns, swapped as one
tally       counts what became of calls, and who was there last
effects     who performs each effect of a flow
secrets     which secrets are known now, and the redactor that takes them out
canaries    secrets that nobody uses, and that ring wherever they are seen
fragments   what of a secret is one by itself
needles     what finds secrets and tells none, for the plugin
logs        log lines without secrets;  errors: refusals that only the edge makes
newest      memory that holds only so much;  room: how much of all bodies is held at once
"""
