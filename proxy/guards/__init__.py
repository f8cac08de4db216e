"""Who may ask a model now.

interlock  what is known of a request
presence   whose plugin is there
traces     what each turn consumed
halts      the kill switch
foreseen   which calls responses proposed
turns      what the plugin is told
"""
