"""Safety Gateway, the library: what stands between an AI agent and everything it can break or leak.

    tool call -> classify -> gate -> approve -> resolve -> execute -> redact -> audit
    prompt    -> redact -> egress -> meter

errors      one tree of errors
canonical   value -> the bytes that are signed or hashed
model       the nouns
bundle      untrusted bytes -> trusted policy
classify    tool call -> facts; facts and decision -> verdict
match       text -> spans that hold a secret;  _native: its hot loops
redact      spans -> safe bytes
edits, standing    what an approver says besides yes and no: another call instead, a grant for more than one call
assertion   what a passkey signed
blueprint   workflows that the security team has signed: read, checked, and what comes next in a run
baseline    texts of a repository -> what should not be in it any more
gate, approve, resolve, audit, meter    one step of the sentences each
flow        the two sentences, as generators of effects
wire        JSON between plugin, edge and hub
edge        all I/O
cli         the command line
"""
