"""`safety mcp`: the edge's tools for any MCP client.

command   the command
protocol  JSON-RPC on standard input and output, as far as a server of tools needs it
offered   what the edge can do for an agent, as tools of MCP; a call of one, as a call to the edge
"""
