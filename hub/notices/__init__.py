"""Telling people by channels that they choose: what happened (`hub.happenings`) becomes messages, and those are sent.

handout        from what happened to messages in the outbox; audience: whom; quiet: when
delivery       claim, send, settle; composing: what a message says now; wording: its words
push mail chat     channels; apprise_child: the process in which apprise runs; refusals: why a message stays
outward        requests to addresses that people chose; sealing: how those are kept
webhooks       events to other programs, signed
links          one-use links
channels preferences delegation     what people choose
regular        daily summaries, the end of old rows
"""
