"""Holds what was noted and what is on disk against each other; imports nothing of the product, nor of the other soak.

    python -m soak.reader EVIDENCE [--json]

What it needs of formats it reads by itself, from their public descriptions: RFC 6962 for the log's tree, C2SP for
signed notes, RFC 8785 for what grants sign, SQLite for the files. So an error in the product's own code cannot hide
from it by being in both.

evidence   where everything is, and the notes of every part, by token
tree       the root of a log, recomputed from its entries
note       signed checkpoints
log        whether the audit log is whole, and says of each answer what it must
acts       whether what was done in the world was permitted before, and once
grants     whether each permission of a person's is one that a person gave, and was used once
usage      whether edge, hub and provider count the same
search     whether a planted secret is anywhere
trials     whether a start on a broken file loosened anything
finding    what is wrong, in one line
reading    all checks, one after the other
"""
