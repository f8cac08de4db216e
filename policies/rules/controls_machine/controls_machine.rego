# METADATA
# title: Stops or plans what runs
# description: Services, schedules, running programs, the kernel, installed programs
# custom:
#   id: controls_machine
#   kinds: [control]
package safety.rules.controls_machine

import rego.v1

hits contains {"level": "red", "reason": told(words, names)} if {
	some words in {spoken(action) | some action in acts}
	names := {name | some action in acts; spoken(action) == words; some name in named(action, {"path", "data"})}
}

hits contains {"level": "critical_red", "reason": "would let somebody else control this machine"} if {
	some action in acts
	"remote_control" in traits(action)
}

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "control"
]

spoken(action) := substring(words, 0, 120) if {
	words := object.get(action, "words", "")
	is_string(words)
	words != ""
} else := "stops, starts or plans programs of the machine"

named(action, kinds) := [value |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") in kinds
	value := object.get(target, "value", "")
	is_string(value)
	value != ""
]

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
