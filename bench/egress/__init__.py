"""The egress beside a direct call and other proxies, with real sockets and a load generator that is not ours.

upstream    a model that answers at once, slowly, or as a stream, as a process of its own
bare        a proxy that only passes on, on the edge's own server and client
stage       the edge and the peers in front of it, each as a process of its own
load        what asks: wrk, and single clients with a stop-watch
speed       latency, requests per core, beside the peers
streams     the cost of a stream, and of many at once
patience    slow upstreams, clients that leave, and memory that must come back
section     all of it as figures, in three sections of a run
"""
