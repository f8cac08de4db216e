# METADATA
# title: Deletes something
# description: Deleting is hard to undo; single files in the workspace or a temporary folder are a lesser matter
# custom:
#   id: deletes
#   kinds: [destroy]
package safety.rules.deletes

import rego.v1

hits contains {"level": "yellow", "reason": told(words, names)} if {
	some words in {spoken(action) | some action in minor}
	names := {name | some action in minor; spoken(action) == words; some name in shown(action)}
}

hits contains {"level": "red", "reason": told(sprintf("%s, hard to undo", [words]), names)} if {
	some words in {spoken(action) | some action in major}
	names := {name | some action in major; spoken(action) == words; some name in shown(action)}
}

minor := [action | some action in acts; small(action)]

major := [action | some action in acts; not small(action)]

small(action) if {
	zones(action) != set()
	zones(action) - {"workspace", "temporary"} == set()
	grave := {"recursive", "forced", "wildcard", "mass", "uncommitted", "privileged", "guard"}
	traits(action) & grave == set()
}

# Inside of the workspace the last part of a path says enough.
shown(action) := {name |
	some target in object.get(action, "targets", [])
	value := object.get(target, "value", "")
	is_string(value)
	value != ""
	name := short(object.get(target, "kind", ""), object.get(target, "zone", ""), value)
}

short("path", "workspace", value) := parts[count(parts) - 1] if parts := split(value, "/")

short("path", zone, value) := value if zone != "workspace"

short("data", _, value) := value

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
]

spoken(action) := substring(words, 0, 120) if {
	words := object.get(action, "words", "")
	is_string(words)
	words != ""
} else := "deletes something"

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
