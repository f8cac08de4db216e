# METADATA
# title: Looks at stored secrets
# description: Files that hold passwords, keys or the gateway's own state
# custom:
#   id: reads_secrets
#   kinds: [read]
package safety.rules.reads_secrets

import rego.v1

hits contains {"level": "red", "reason": told("looks at files that hold passwords or keys", files)} if {
	files := {name | some action in acts; some name in sensitive(action, "path")}
	count(files) > 0
}

hits contains {"level": "red", "reason": told("asks for the passwords or keys that this machine has at its cloud", hosts)} if {
	hosts := {name | some action in acts; some name in sensitive(action, "host")}
	count(hosts) > 0
}

sensitive(action, kind) := [value |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == kind
	object.get(target, "zone", "") == "sensitive"
	value := object.get(target, "value", "")
	is_string(value)
]

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "read"
]

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
