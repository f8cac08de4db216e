# METADATA
# title: Runs with all rights
# description: Anything but looking, as the machine's administrator
# custom:
#   id: privileged
package safety.rules.privileged

import rego.v1

hits contains {"level": "red", "reason": told("acts as administrator of this machine", forms)} if {
	forms := {sprintf("%s (%s)", [quoted(called(action)), spoken(action)]) | some action in acts; object.get(action, "kind", "read") != "read"}
	count(forms) > 0
}

hits contains {"level": "yellow", "reason": "looks at something as administrator of this machine"} if {
	some action in acts
	object.get(action, "kind", "read") == "read"
}

acts := [action |
	some action in object.get(input, "actions", [])
	"privileged" in {trait | some trait in object.get(action, "traits", [])}
]

called(action) := substring(form, 0, 40) if {
	form := object.get(action, "form", "")
	is_string(form)
} else := ""

spoken(action) := substring(words, 0, 120) if {
	words := object.get(action, "words", "")
	is_string(words)
	words != ""
} else := "does something"

# What is done, and to what, if that has a name.
told(words, names) := words if count(names) == 0

told(words, names) := sprintf("%s: %s", [words, few(names)]) if count(names) > 0

# The first three names, each cut to what a phone shows.
few(names) := concat("", [concat(", ", array.slice([substring(name, 0, 170) | some name in names], 0, 3)), more(names)])

# A name that holds more than a plain name does stands in quotes, so that it cannot pass for a part of the sentence.
quoted(name) := name if regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

quoted(name) := sprintf("'%s'", [replace(name, "'", "")]) if not regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

more(names) := sprintf(" and %d more", [count(names) - 3]) if count(names) > 3

more(names) := "" if count(names) <= 3
