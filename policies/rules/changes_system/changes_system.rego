# METADATA
# title: Changes the machine's own files
# description: Writing to system files, start-up files, keys or raw disks
# custom:
#   id: changes_system
#   kinds: [write]
package safety.rules.changes_system

import rego.v1

hits contains {"level": "red", "reason": told("changes files of the machine itself, or what starts by itself", names)} if {
	names := {name |
		some action in acts
		not "container" in traits(action)
		some name in lying(action, {"system", "root", "sensitive"})
	}
	count(names) > 0
}

hits contains {"level": "critical_red", "reason": told("writes over a disk or another device", names)} if {
	names := {name | some action in acts; some name in lying(action, {"device"})}
	count(names) > 0
}

lying(action, zones) := [value |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	object.get(target, "zone", "unknown") in zones
	value := object.get(target, "value", "")
	is_string(value)
]

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "write"
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
