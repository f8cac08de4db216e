"""The hot loops, on flat bytes (one byte per character): in C where it was built, and the same in Python.

fold     code point -> the byte that stands for it
twin     flatten, squeeze, json_view, unescaped, runs in Python
literals LiteralTable: needles as a Hyperscan database, what GramTable is in C
engine   the names above, from `_c` (the C extension) or else from `twin`
"""
