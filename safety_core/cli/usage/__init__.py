"""`safety usage`: what models consumed.

command     the group;  recorded: its own work, the tokens of recorded responses
span        since when, until when, and where the numbers are: at the running edge, or in its folder
report      the table, and the course as a small chart
export      a provider's own usage export -> sums by hour and model;  columns: which of its columns mean what
reconcile   ours against theirs
"""
