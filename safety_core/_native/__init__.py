"""The hot loops, on flat bytes (one byte per character): in C where it was built, and the same in Python.

engine        which of the two runs
fold          code point -> the byte that stands for it
twin          in Python: flatten, squeeze, JSON, runs
escapes       in Python: escapes, tags and invisible characters undone
neighbourhood what comes back of a text where they were
coded         in Python: what runs of token characters may be
words         in Python: trigrams and entropy of a token
plain_json    in Python: is it well-formed JSON
gates         where something may begin, so that Python looks only there
literals      LiteralTable: needles, found by Hyperscan
grams         GramTables: needles, in tables of the C extension
database      Database: expressions compiled by Hyperscan

In C: fold.c, squeeze.c, json.c, escape.c (one escape), unescape.c (those of a text), runs.c, words.c, table.c, and
module.c around them; `_c.pyi` has their types.
"""
