"""Cases in the format of agent-egress-bench, put to a real edge: what it blocks, what it lets through, by which proof.

    python -m bench.agent_egress CASES        # a folder of cases, or a .tar.gz of one

case         one case, read and checked
claims       what we claim, what we do not, and why: decided before a run, so that nothing is left out afterwards
machine      a machine of its own: network namespace, resolver, addresses
names        its resolver
world        the world's servers: answers over HTTP and TLS, and what reached them
site         the hub, the policy and the edge that are tried
client       an HTTP client that goes through the forward proxy, byte by byte
frames       WebSocket frames, as a case wants them
web          cases that are requests, responses and sockets
tools        cases that are tool calls, results and definitions of MCP
mcp_program  an MCP server that says what a case has it say
verdict      what became of a case
score        verdicts -> rates
told         rates -> text, JSON, a page
"""
