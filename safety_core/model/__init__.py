"""The gateway's nouns, as frozen values. Nothing here decides or does anything.

level       Level, Tier, Outcome: three ordered scales
tool_call   ToolCall, ToolResult: what an agent wants, and what came of it; ProposedCall: what its model wants
facts       Facts, Action, Target: what a call would do, without judging it
verdict     Hit, Decision, Verdict, Ruling: what the policy says, and what the gate makes of it
approval    ApprovalRequest, Grant, ApprovalState: a question to a person, and the signed answer
connection  Connection, Operation: a service that the operator has connected
execution   Execution, Repeat: what the edge did, or was about to
descent     Descent: where a session stands among agents that start agents
policy      Policy and its parts: what a trusted bundle says
blueprint   Blueprint and its parts, PlanRules: workflows that the security team has signed
forward     ForwardPolicy, ForwardRule: where other software may go, and how
budget      Budget, Period, Unit: how much may be spent on models
prices      Prices and their parts: what models cost
secret      SecretValue, reference syntax: a value that never prints
terms       Terms: by whom and until when a secret may be used
finding     Finding, Redaction: where a secret was seen, never the secret
severity    Severity: how sure and how bad a finding of a check is
path_glob   does a glob speak of a path
usage       Usage, Booking, UsageBucket: what a model call consumed, and what it cost
memo        Memo: an exact memory of answers, bounded by number and size
record      AuditEntry: one line of the audit log
"""
