"""Text -> where secrets stand in it. Finds, never changes.

span        Span: what was seen where
squeeze     text -> one byte per character; and squeezed: no case, width, separators, invisible characters
layer       Layer: a text derived from another one, with the way back to the original positions
needles     one secret -> everything it looks like once squeezed
registry    Registry: every known secret in a Hyperscan database
common_value refuses values that are too common to be looked for
common_words the lists that it goes by
patterns    PatternSet: provider patterns, found by Hyperscan, confirmed by `regex` and a structure check
checks      the structure checks, by name
assigned    checks of values that stand after a name which promises a secret
structure   checks of keys that products give out: checksums, and what chance looks like
runs        long runs of the characters that tokens are made of
literals    a set of byte strings, found in one pass
wordlike    does a token look like words or like chance
chance      is a token drawn by chance: a logistic model
openings    where a text that has not ended could be in the middle of a registered value
beginnings  what a match of an expression can begin with
unknown     tokens that nobody registered and no pattern knows
decode      escapes and encoded runs -> layers
matcher     Matcher: all of it, on one text, until nothing is left to find
"""
