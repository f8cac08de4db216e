"""What comes out of a run.

table    on the terminal
results  bench/results/latest.json
machine  what it ran on
page     docs/benchmarks.md, between its two marks
guards   the table of guards on that page
plots    the pictures on that page; runs in the peers' environment, which has matplotlib
"""
