"""Policy: from an author's files to a bundle that an edge trusts.

document   one YAML source file -> values with their lines
rules      the head of one Rego rule: id, title, what it is indexed by
typed      the words of a rule against the schema of facts
profile    the part of Rego that every engine runs alike, and nothing else
origins    where each value of the data was written
overlay    a tenant's own data, laid over what holds for all
gather     the YAML sources -> the data of a bundle, with the place of each value
keyed      the short form of a pattern -> the long one
samples    what a pattern must find and must not, with invented secrets in it
source     policies/ -> the files of a bundle
index      which rules can concern a call
golden     vectors that a bundle must reproduce before it is activated
clauses    a rule's module -> its clauses, with their lines
diff       what one policy says otherwise than another, in words
leaves     data -> its leaves by path, however its author laid it out
begun      the first form of a rule, a program or a tool
archive    files <-> one reproducible .tar.gz, within limits
sign       the OPA signature over the files
contents   the files of a bundle -> TrustedBundle
agents     what data.json says of each agent -> AgentManifest, and of budgets
approvers  what data.json says of approvers -> ApproverKey, and how many people have to say yes
plans      what data.json says of plans -> PlanRules
prices     what data.json says of prices -> Prices
forward    what data.json says of the forward proxy -> ForwardPolicy
policy     data.json -> Policy
roles      TUF: keys, thresholds and documents, as the publisher makes them
signed     TUF: one signed document, verified
target     TUF: what a targets document names, and that bundle; looking back at what was released
trust      TUF: untrusted bytes and `now` -> TrustedBundle, or an error named after the attack
"""
