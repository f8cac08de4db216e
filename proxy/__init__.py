"""The edge: the one process on the customer's server that stands between the agent and the world.

command          `safety edge`: reads settings, checks, runs
settings         every setting, with its meaning;  settings_source reads them from a file and the environment
app              puts the parts together and apart again;  parts opens keys, stores and hub, engine the engine
serve            the listeners in one process, from ready to a clean end;  http refuses what can be read in two ways
control          the routes for the plugin and the command line;  endpoint, caller, answers, errors carry them
status           what is in force, layer by layer
calls            one tool call through its flow, under what is in force
tickets          calls that were decided and that the edge is to run, each for whoever shows its ticket
correspondents   whom an agent may answer without asking
grants           answers of people, by whichever way they come;  desk tells the plugin, and takes its chat's buttons
lineage          who started whom: subagents within depth and number
agents           what policy says of each agent
force            what is in force: a trusted policy, its engine and patterns, swapped as one
written          what sessions are known to have written into files, so that a script is judged by what it says
secrets          which secrets are known now, and the redactor that takes them out
needles          what finds secrets and tells none, for the plugin
effects          who performs each effect of a flow
background       what goes on beside the calls: policy, approvals, usage, heartbeat
presence         which agents' plugins have checked in
interlock        what the edge knows of a request to a model before it may leave;  traces counts what it consumed
foreseen         which calls responses proposed, and whether hosts report these;  foresight judges them in advance
turns            what the plugin is told: at its check-in, before and after a turn;  prefixes: how prompts begin
halts            the kill switch
watching         what people see of the traffic: live, for Prometheus, as spans, in the log
egress           prompts to LLM providers, redacted and metered;  prompts runs it under what is in force
budgets          what agents may spend on models;  spending sums it up, prices finds what a model costs
providers        what is particular to each provider's API;  client_token: whose request it is;  watch: who looks on
forward          the way out of all other software
relay            one prompt between its client and its provider;  upstream, addresses: the one way out;  kept: what is
                 open between two requests
realtime         a socket of a realtime API, likewise;  upstream_socket: its way out;  websocket: what it is served with
                 (websocket_protocol: one connection)
sockets, logs    listening safely; log lines without secrets;  room: how much of all requests is held at once;
                 newest: memory that holds only so much
"""
