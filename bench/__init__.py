"""What we promise, measured. `python -m bench` (or `make bench`) prints every figure in one run.

figure    one figure, its goal, and the budget that holds it
corpus    bodies of real text, code, JSON and many languages, made when the run starts
invented  secrets for the registry, and secrets to plant
serve     a scanner in a process of its own: ours, a peer, or plain work (a limit of the machine)
worker    the other end of its pipe
measure   turn by turn, CPU time, medians
scanners  ours and the limits, in the project's environment
peers     others' scanners, in an environment of their own
report    the table, the results as JSON, docs/benchmarks.md with its plots
"""
