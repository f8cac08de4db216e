"""What passes between a client and its provider.

app           the ASGI application
opening       the application as the edge runs it
routing       which request of which provider it is, by its path
client_token  whose request it is
relay         one prompt
realtime      one socket;  socket_limits: how many there may be, and how fast
websocket     what a client's socket is served with;  websocket_protocol: the same, within bounds
watch         who looks on
"""
