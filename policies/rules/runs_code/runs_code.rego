# METADATA
# title: Runs a program
# description: Programs whose effects cannot be read from the command
# custom:
#   id: runs_code
#   kinds: [run_code]
package safety.rules.runs_code

import rego.v1

hits contains {"level": "yellow", "reason": told("runs a program whose effects cannot be seen beforehand", forms)} if {
	forms := {called(action) | some action in acts}
	count(acts) > 0
}

hits contains {"level": "red", "reason": told("runs code that comes from elsewhere or was hidden", forms)} if {
	forms := {called(action) | some action in acts; traits(action) & {"downloaded", "decoded", "evasive"} != set()}
	count(forms) > 0
}

hits contains {"level": "red", "reason": "makes programs with all rights start other code"} if {
	some action in acts
	"starts_code" in traits(action)
	"privileged" in traits(action)
}

called(action) := form if {
	form := object.get(action, "form", "")
	is_string(form)
} else := "a program"

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "run_code"
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
