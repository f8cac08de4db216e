# METADATA
# title: Changes what customers use
# description: Anything but looking at hosts, databases, clusters and branches that are named as production's
# custom:
#   id: touches_production
#   kinds: [write, outward, destroy, permission, credential, run_code, control]
package safety.rules.touches_production

import rego.v1

hits contains {"level": "red", "reason": told("changes something in production", names)} if {
	names := {value |
		some action in acts
		not at_home(action)
		some target in object.get(action, "targets", [])
		object.get(target, "kind", "") in {"host", "data"}
		value := object.get(target, "value", "")
		is_string(value)
		named_so(target.kind, substring(value, 0, 200))
	}
	count(names) > 0
}

named_so(_, name) if regex.match(`(?i)(^|[^a-z0-9])(prod|production|prd)([^a-z0-9]|[0-9]*$)`, name)

named_so("data", name) if regex.match(`(?i)(^|[^a-z0-9])live([^a-z0-9]|[0-9]*$)`, name)

# A branch of that name in one's own copy is not yet production.
at_home(action) if {
	object.get(action, "kind", "") in {"write", "run_code"}
	object.get(action, "subject", "") in {"git", "hg", "svn", "jj"}
}

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") in {"write", "outward", "destroy", "permission", "credential", "run_code", "control"}
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
