"""Who may speak to the hub: edges by their tenant's key, people's programs by a token.

bodies         how much is read at the same time
callers        who sends a request
registration   a one-time token binds a tenant's key
revocation     taking a tenant's key back
"""
