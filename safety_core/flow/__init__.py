"""The two sentences, as generators of effects.

effects         what a flow asks of the world
egress_effects  what the second one asks besides: the provider on one side, the client on the other
tool_call       tool call -> classify -> gate -> approve -> resolve -> execute -> redact -> audit
prompt          prompt -> redact -> egress -> meter
dialect         what the second one must know of a provider's API
headers         which headers pass between client and provider
"""
