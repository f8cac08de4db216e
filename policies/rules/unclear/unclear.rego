# METADATA
# title: Does something unclear
# description: Effects that could not be told
# custom:
#   id: unclear
#   kinds: [unknown]
package safety.rules.unclear

import rego.v1

hits contains {"level": "yellow", "reason": told("does something that is not clear", forms)} if {
	forms := {called(action) | some action in acts}
	count(acts) > 0
}

called(action) := form if {
	form := object.get(action, "form", "")
	is_string(form)
} else := "a call"

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "unknown"
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
