"""What we promise, measured. `python -m bench` (or `make bench`) prints every figure in one run.

figure        one figure, its goal, and the budget that holds it
section       what a section of a run is, and what it collects
sections      every section of a run, in order
run           one section after the other: how long each took, what becomes of one that errs
quick         the most telling ratios within a minute, in CI: `make bench-quick`

redact        redaction beside the limits of the machine and the peers
known         redaction with 10, 1,000 and 10,000 known secrets
registry      building a registry and holding it, by `memory` in fresh processes
borrowed      false alarms and the hold of a stream, counted on `installed` and by `stream_hold`
orders        words that speak to a model and numbers of accounts, in texts that were made to take long
judging       judging tool calls: how fast, and how often wrongly, beside others' guards
edge_memory   what a running edge keeps in memory
egress        the edge between clients and models, beside other proxies
agent_egress  what an agent tries to get out, case by case
hub           the hub: edges that listen, approvals, usage, kill -9, on SQLite and PostgreSQL
openclaw      what the plugin costs an OpenClaw
executing     what it costs to run a command or an operation for an agent

corpus        text, code, JSON and many languages of installed packages, as chat requests
installed     code and prose of what is installed here, as it is
bodies        those of one run: clean ones of three sizes, one with planted secrets
invented      secrets for the registry, and secrets to plant
serve         a scanner in a process of its own: ours, a peer, or plain work (a limit of the machine)
worker        the other end of its pipe
measure       turn by turn, CPU time, medians
scanners      ours and the limits, in the project's environment
peers         others' scanners and guards, in environments of their own
rivals        the peers as they take part in a run
report        the table, the results as JSON, docs/benchmarks.md with its plots

Looking closer: `python -m bench.false_alarms`, `bench.stream_hold`, `bench.costly` (the messages that cost most),
`bench.hub.kill 200`, `bench.judging.comparison` (every call that a guard is wrong about) and `bench.chance_model`
(which trains `safety_core/match/chance.py`).
"""
