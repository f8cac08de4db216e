"""Text -> where secrets stand in it. Finds, never changes.

matcher      Matcher: all detectors on one text, until nothing is left to find
layer        Layer: a text in flat bytes, with the way back to the original positions of one that was derived
span         Span: what was seen where; which one counts where two overlap
placeholders where our own placeholders stand in a text
decode       encoded runs -> a layer of what they come to

registry     Registry: every known secret, and where it stands in a layer
needles      one secret -> everything it looks like once squeezed
one_way      the same as hashes: needles for a place that must hold no secret
extent       a needle was found: from where to where does the secret stand
openings     where a text that has not ended could be in the middle of a registered value
common_value refuses values that are too common to be looked for
common_words the lists that it goes by
pasted       refuses values that are more than the secret: a whole line of a settings file

patterns     PatternSet: provider patterns, found by Hyperscan in one pass
echoes       where values that were found once stand again
rule         one pattern, confirmed where its prefilter hit
prefilter    one expression -> a simpler one that Hyperscan looks for
checks       the checks, by the name that a pattern gives
structure    checks of keys that products give out: checksums, and what chance looks like
assigned     checks of values that stand after a name which promises a secret
promise      does a name promise a secret, and how long a one
beginnings   what a match of an expression can begin with

accounts     numbers of accounts, cards and wallets
host_labels  does the name of a host carry data
respelled    a text as it is spelled by whoever hides it
instructions words that speak to a model
order_words  the phrases that they are known by
definition_words  the phrases that make a tool's definition suspicious
phrases      where a text holds words with gaps between them, in one pass

unknown      tokens that nobody registered and no pattern knows
chance       is a token drawn by chance: a logistic model
wordlike     does a token look like words or like chance
"""
