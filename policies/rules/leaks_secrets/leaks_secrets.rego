# METADATA
# title: Takes secrets outside
# description: A call that looks at stored secrets and reaches outside, or sends a secret to somebody
# custom:
#   id: leaks_secrets
#   kinds: [outward]
package safety.rules.leaks_secrets

import rego.v1

outside if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
}

hits contains {"level": "critical_red", "reason": told("would take passwords or keys outside", names)} if {
	outside
	names := {name |
		some action in object.get(input, "actions", [])
		object.get(action, "kind", "") in {"read", "outward", "write"}
		some target in object.get(action, "targets", [])
		object.get(target, "zone", "") == "sensitive"
		name := object.get(target, "value", "")
		is_string(name)
	}
	count(names) > 0
}

hits contains {"level": "red", "reason": told("sends a stored secret to somebody outside", refs)} if {
	outside
	refs := {ref | some ref in object.get(input, "refs", []); is_string(ref)}
	count(refs) > 0
}

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
