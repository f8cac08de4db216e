"""The two sentences, as generators of effects.

effects         what a flow asks of the world
egress_effects  what the second one asks besides: the provider on one side, the client on the other
tool_call       tool call -> classify -> gate -> approve -> resolve -> execute -> redact -> audit
scrub, case     a call without secrets; judged, with what the gate makes of it;  question: what a person looks at first
reached         which connected service a call is for, and how grave that makes it
carrying        the second half: run, written down before and after, once for each key
permission      whether a judged call may run now;  answers: what comes of it;  refusal: what is told of an error
plan            several calls, judged together; one question for all that a person has to allow
edited          an approver's other arguments: the changed call, judged and asked in place of the first
entrust         which calls the edge has to run for a runtime that runs its tools itself
prompt          prompt -> redact -> egress -> meter
response        the second half of that: what comes back;  exchange: what both halves know and tell
realtime        the same for the many prompts and answers of one socket
dialect         what the second one must know of a provider's API
compared        one call under two policies: what each makes of it, and what a change would mean for many
shadowed        what a candidate policy says beside the one in force, as lines of a report
why             which rules were asked about a call and how far each got; milder forms of a command
habits          what people were asked about, by sort of call, and what they said
proposals       what people approved again and again -> changes of the policy, for review
interlock       no plugin, no model: what must hold before a guarded agent may talk to one
tool_results    the tool results in a conversation, and how their ids tell which call each is of
guidance        what the model is told of references, approvals and secrets
headers         which headers pass between client and provider
"""
