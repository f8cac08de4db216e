# METADATA
# title: Changes who may do what
# description: Rights on files, accounts, networks
# custom:
#   id: changes_permissions
#   kinds: [permission]
package safety.rules.changes_permissions

import rego.v1

hits contains {"level": "yellow", "reason": told(words, names)} if {
	some words in {spoken(action) | some action in lesser}
	names := {name | some action in lesser; spoken(action) == words; some name in named(action, {"path", "data"})}
}

hits contains {"level": "red", "reason": told(words, names)} if {
	some words in {spoken(action) | some action in graver}
	names := {name | some action in graver; spoken(action) == words; some name in named(action, {"path", "data"})}
}

hits contains {"level": "critical_red", "reason": told("changes the rights of the whole machine", named(action, {"path"}))} if {
	some action in acts
	"recursive" in traits(action)
	zones(action) & {"root", "system"} != set()
}

lesser := [action | some action in acts; modest(action)]

graver := [action | some action in acts; not modest(action)]

modest(action) if {
	"modest" in traits(action)
	not "recursive" in traits(action)
	not "privileged" in traits(action)
	zones(action) - {"workspace", "temporary", "home", "outside"} == set()
}

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "permission"
]

spoken(action) := substring(words, 0, 120) if {
	words := object.get(action, "words", "")
	is_string(words)
	words != ""
} else := "changes who may do what"

named(action, kinds) := [value |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") in kinds
	value := object.get(target, "value", "")
	is_string(value)
	value != ""
]

zones(action) := {zone |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	zone := object.get(target, "zone", "unknown")
}

traits(action) := {trait | some trait in object.get(action, "traits", [])}

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
