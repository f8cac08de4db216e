# METADATA
# title: Changes the agent's own instructions
# description: Files that tell an agent what it is, what it may do and what it does by itself
# custom:
#   id: changes_agent
#   kinds: [write, destroy]
package safety.rules.changes_agent

import rego.v1

hits contains {"level": "red", "reason": told("changes what tells an agent how to behave", names)} if {
	names := {name | some name in changed; instructs(name)}
	count(names) > 0
}

hits contains {"level": "yellow", "reason": told("changes what an agent remembers", names)} if {
	names := {name | some name in changed; remembers(name)}
	count(names) > 0
}

changed := [value |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") in {"write", "destroy"}
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	value := object.get(target, "value", "")
	is_string(value)
]

instructs(name) if regex.match(`(?i)(^|/)(soul|agents|tools|identity|heartbeat|boot|bootstrap|claude|claude\.local|gemini|skill|copilot-instructions)\.md$`, name)

instructs(name) if regex.match(`(?i)(^|/)(\.cursorrules|\.windsurfrules|\.clinerules|openclaw\.json|\.?mcp\.json)$`, name)

instructs(name) if regex.match(`(?i)(^|/)\.(openclaw|claude|cursor|codex|gemini)(/|$)`, name)

remembers(name) if regex.match(`(?i)(^|/)(memory|user)\.md$`, name)

# What is done, and to what, if that has a name.
told(words, names) := words if count(names) == 0

told(words, names) := sprintf("%s: %s", [words, few(names)]) if count(names) > 0

# The first three names, each cut to what a phone shows.
few(names) := concat("", [concat(", ", array.slice([quoted(substring(name, 0, 60)) | some name in names], 0, 3)), more(names)])

# A name that holds more than a plain name does stands in quotes, so that it cannot pass for a part of the sentence.
quoted(name) := name if regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

quoted(name) := sprintf("'%s'", [replace(name, "'", "")]) if not regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

more(names) := sprintf(" and %d more", [count(names) - 3]) if count(names) > 3

more(names) := "" if count(names) <= 3
