# METADATA
# title: Reaches into another customer's folder
# description: Folders of tenants and customers on a machine that several share
# custom:
#   id: other_tenants
package safety.rules.other_tenants

import rego.v1

hits contains {"level": "red", "reason": told("reaches into the folder of another customer", names)} if {
	names := {value |
		some action in object.get(input, "actions", [])
		some target in object.get(action, "targets", [])
		object.get(target, "kind", "") == "path"
		object.get(target, "zone", "") != "workspace"
		value := object.get(target, "value", "")
		is_string(value)
		regex.match(`^/(srv|var|opt|home|mnt|data)(/[^/]+)?/(tenants|customers|clients)(/|$)`, value)
	}
	count(names) > 0
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
