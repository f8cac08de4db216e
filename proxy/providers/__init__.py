"""What is particular to a provider's API.

dialects    the APIs by name
splice      the smallest change to a JSON document's bytes
editor      an event stream, redacted as it passes
framing     what events come in: server-sent events, lines, messages
shape       what an editor must know of an API's events
request     what must be known of any request
prefix      what a request begins with, for the provider's cache
results     the tool results that a request carries
proposals   the tool calls that a response proposes
openai      chat completions (of OpenAI and all that are compatible with it), completions, embeddings
chat        the events of chat completions
responses   the events of OpenAI's responses
anthropic   messages
bedrock     converse and the models' own requests of Amazon Bedrock
bedrock_events    what they look like;  bedrock_framing   what they come in
sigv4       signatures that AWS asks for
ollama      the events of Ollama's own API
realtime    the events of OpenAI's realtime API
"""
