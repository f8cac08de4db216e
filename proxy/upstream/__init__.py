"""The one way out to a provider.

client     one request
kept       connections that serve one after the other
websocket  a socket
addresses  which may be connected to
"""
