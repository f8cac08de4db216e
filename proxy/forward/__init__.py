"""The forward proxy: how other software of the agent's machine reaches the world, by signed policy.

opening       the proxy as the edge runs it
listening     its listener, from open to closed;  parts: what its connections share
front         a connection's first bytes: CONNECT, http://, or what is refused at once
target        CONNECT's and http://'s target -> host and port
credentials   Proxy-Authorization -> whose request it is
permission    may this client reach that host, and how
dial          a name -> checked addresses -> a connection
hello         a TLS ClientHello -> the name that it is for
tunnel        two connections, and what passes between them
intercept     TLS ended here, with leaves from the local CA
leaves        TLS contexts by host, made on demand
request       one request that can be looked into: scanned, then forwarded or handed to the egress
scan          what in a request must not leave
strict        what else must not, and must not come back, where an agent itself talks to a host
shapes        what a text of these is: JSON, a card, a list of tools
outward       the one way out of such requests
books         what is recorded and counted
"""
