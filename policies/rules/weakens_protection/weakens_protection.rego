# METADATA
# title: Switches protection off
# description: Two-factor sign-in, virus scanners, firewalls, encryption, by tools whose names say so
# custom:
#   id: weakens_protection
#   kinds: [control]
package safety.rules.weakens_protection

import rego.v1

hits contains {"level": "critical_red", "reason": told("would switch off what protects accounts or machines", forms)} if {
	forms := {form |
		some action in object.get(input, "actions", [])
		object.get(action, "kind", "") == "control"
		"protection" in {trait | some trait in object.get(action, "traits", [])}
		form := object.get(action, "form", "a call")
		is_string(form)
	}
	count(forms) > 0
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
