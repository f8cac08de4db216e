"""What a provider's response says it consumed -> one normal form, and what that costs.

counts      the numbers in one JSON document, wherever that API puts them
headers     the same in the headers of a response (Bedrock)
normal      those numbers -> Usage: who includes what in what
mode        how the provider says that it processed the request, where that has its own price
tally       the documents of one response, a stream's events included, merged
estimate    what to book when a response came without numbers
prefix      what a request begins with, and what broke a provider's cache of it
cost        usage and a price -> nano-dollars, exactly
recorded    the bytes of a whole response -> its JSON documents, in every framing that providers use
"""
