"""What passes between a client and its provider.

app           the ASGI application
opening       the application as the edge runs it
client_token  whose request it is
relay         one prompt
realtime      one socket
websocket     what a client's socket is served with;  websocket_protocol: the same, within bounds
watch         who looks on
"""
