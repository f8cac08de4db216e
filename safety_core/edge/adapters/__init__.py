"""Connected services: each operation is carried out by a child process of its own, which ends with it.

child      run_service: starts the child, hands it the request, takes its answer, within limits
worker     what the child runs: one request, one answer
needs      which files a connection needs: its child gets no others
request    what goes in and what comes back, as JSON
adapters   which module serves which adapter
sql, mail, calendar, docker, mcp    one adapter each
recipients whom a message or an invitation reaches: addresses that every reader reads alike
listing    lists that fit into an output

An adapter is a module with `async def serve(request: Request) -> ToolResult`. It imports what it needs: the edge never
does, so that a database driver costs the edge no memory, and a fault in one ends one call.
"""
