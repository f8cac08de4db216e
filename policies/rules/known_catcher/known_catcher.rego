# METADATA
# title: Reaches a place that collects data
# description: Hosts that collect what anybody sends them
# custom:
#   id: known_catcher
#   kinds: [read, outward, write]
package safety.rules.known_catcher

import rego.v1

hits contains {"level": "red", "reason": told("reaches a place that collects whatever is sent to it", [value])} if {
	some action in object.get(input, "actions", [])
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "host"
	value := object.get(target, "value", "")
	is_string(value)
	some name in above(value)
	name in catchers
}

catchers := object.get(object.get(data.hosts, "hosts", {}), "catchers", [])

# The name itself and the names above it: whoever owns one of them owns it.
above(value) := {concat(".", array.slice(parts, start, count(parts))) |
	parts := split(value, ".")
	some start in numbers.range(0, min({count(parts) - 1, 20}))
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
