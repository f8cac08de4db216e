"""The two sentences, as generators of effects.

effects     what a flow asks of the world
tool_call   tool call -> classify -> gate -> approve -> resolve -> execute -> redact -> audit
prompt      prompt -> redact -> egress -> meter
"""
