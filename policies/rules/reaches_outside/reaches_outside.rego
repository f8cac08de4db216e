# METADATA
# title: Reaches somebody outside
# description: Mail, chat, posts, uploads, connections to other machines
# custom:
#   id: reaches_outside
#   kinds: [outward]
package safety.rules.reaches_outside

import rego.v1

hits contains {"level": "yellow_external", "reason": told(words, array.concat(people(words), [quoted(substring(name, 0, 60)) | some name in names]))} if {
	some words in {spoken(action) | some action in acts}
	names := {name | some action in acts; spoken(action) == words; some name in named(action, {"host", "recipient"}); not contains(name, "@")}
}

hits contains {"level": "red", "reason": sprintf("reaches %d people or places at once", [count(everybody)])} if count(everybody) > 20

hits contains {"level": "red", "reason": "reaches many people, or overwrites what others have"} if {
	some action in acts
	traits(action) & {"mass", "forced"} != set()
}

everybody := {name | some action in acts; some name in named(action, {"recipient"})}

# Who has an address, told apart by whether that is one of the company's own domains (hosts.yaml, `own`).
people(words) := array.concat(crowd(others, "outside your company"), crowd(own, "of your own company")) if {
	addresses := {name |
		some action in acts
		spoken(action) == words
		some name in named(action, {"recipient"})
		contains(name, "@")
	}
	own := {address | some address in addresses; ours(address)}
	others := addresses - own
}

ours(address) if {
	parts := split(address, "@")
	count(parts) == 2
	regex.match(`^[A-Za-z0-9.-]+$`, parts[1])
	some domain in object.get(object.get(data.hosts, "hosts", {}), "own", [])
	lower(parts[1]) == lower(domain)
}

crowd(addresses, _) := [] if count(addresses) == 0

crowd(addresses, where) := [sprintf("one person %s (%s)", [where, few([address | some address in addresses])])] if count(addresses) == 1

crowd(addresses, where) := [sprintf("%d people %s (%s)", [count(addresses), where, few([address | some address in addresses])])] if count(addresses) > 1

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
]

spoken(action) := substring(words, 0, 120) if {
	words := object.get(action, "words", "")
	is_string(words)
	words != ""
} else := "reaches somebody or something outside"

named(action, kinds) := [value |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") in kinds
	value := object.get(target, "value", "")
	is_string(value)
	value != ""
]

traits(action) := {trait | some trait in object.get(action, "traits", [])}

told(words, names) := words if count(names) == 0

told(words, names) := sprintf("%s: %s", [words, concat(", ", [substring(name, 0, 250) | some name in array.slice(names, 0, 3)])]) if count(names) > 0

# The first three names, each cut to what a phone shows.
few(names) := concat("", [concat(", ", array.slice([quoted(substring(name, 0, 60)) | some name in names], 0, 3)), more(names)])

# A name that holds more than a plain name does stands in quotes, so that it cannot pass for a part of the sentence.
quoted(name) := name if regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

quoted(name) := sprintf("'%s'", [replace(name, "'", "")]) if not regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

more(names) := sprintf(" and %d more", [count(names) - 3]) if count(names) > 3

more(names) := "" if count(names) <= 3
