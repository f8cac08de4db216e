"""What comes out of a run.

progress  how far it is, and how long each step took
table     on the terminal
results   bench/results/latest.json
machine   what it ran on
page      docs/benchmarks.md, between its marks
summary   the top of that page
guards    the table of guards on that page
known     the table of known secrets on that page
plots     the pictures on that page; runs in the peers' environment, which has matplotlib
"""
