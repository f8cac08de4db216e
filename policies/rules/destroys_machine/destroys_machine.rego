# METADATA
# title: Destroys the machine
# description: Deleting everything under the root, a home or a system folder; erasing disks; exhausting the machine
# custom:
#   id: destroys_machine
#   kinds: [destroy]
package safety.rules.destroys_machine

import rego.v1

hits contains {"level": "critical_red", "reason": told("would delete a whole system or home folder", named(action, {"path"}))} if {
	some action in acts
	zones(action) & {"root", "device"} != set()
	traits(action) & {"recursive", "wildcard", "forced"} != set()
}

hits contains {"level": "critical_red", "reason": told("would delete folders that the machine needs", named(action, {"path"}))} if {
	some action in acts
	"system" in zones(action)
	"recursive" in traits(action)
}

hits contains {"level": "critical_red", "reason": "would erase a disk or stop the machine"} if {
	some action in acts
	traits(action) & {"machine", "raw"} != set()
}

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
]

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
