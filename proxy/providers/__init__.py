"""What is particular to a provider's API.

dialects    the APIs by name
api         what most of them have in common
paths       which requests an API has
splice      the smallest change to a JSON document's bytes
editor      an event stream, redacted as it passes
framing     what events come in: server-sent events, lines, messages
json_array  the same: one array that is written piece by piece
shape       what an editor must know of an API's events
request     what must be known of any request
prefix      what a request begins with, for the provider's cache
results     the tool results that a request carries
proposals   the tool calls that a response proposes
openai      chat completions (of OpenAI and all that are compatible with it), completions, embeddings
chat        the events of chat completions
responses   the events of OpenAI's responses
anthropic   messages
batches     the results of a batch, line by line
gemini      generateContent and its kin
gemini_events     their events
bedrock     converse and the models' own requests of Amazon Bedrock
bedrock_events    what they look like;  bedrock_framing   what they come in
sigv4       signatures that AWS asks for
ollama      chat and generate, one event a line
mistral     OpenAI's kind, with blocks in the content
cohere      chat of the second version, embeddings, ranking
cohere_events     the events of that chat
deepseek, groq, openrouter, azure     OpenAI's kind, each with its own host, paths, key or errors
compatible  OpenAI's kind, anywhere
realtime    messages and events of OpenAI's realtime API
"""
