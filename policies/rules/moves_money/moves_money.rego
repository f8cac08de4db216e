# METADATA
# title: Moves money
# description: Payments, transfers, refunds, purchases
# custom:
#   id: moves_money
#   kinds: [money]
package safety.rules.moves_money

import rego.v1

hits contains {"level": "red", "reason": sprintf("%s%s%s", [spoken(action), amount(action), receiver(action)])} if some action in acts

amount(action) := sprintf(": %s", [concat(" and ", [substring(one, 0, 40) | some one in array.slice(named(action, {"amount"}), 0, 3)])]) if count(named(action, {"amount"})) > 0

amount(action) := "" if count(named(action, {"amount"})) == 0

receiver(action) := sprintf(", to %s", [few(named(action, {"recipient"}))]) if count(named(action, {"recipient"})) > 0

receiver(action) := "" if count(named(action, {"recipient"})) == 0

acts := [action |
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "money"
]

spoken(action) := substring(words, 0, 120) if {
	words := object.get(action, "words", "")
	is_string(words)
	words != ""
} else := "moves money"

named(action, kinds) := [value |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") in kinds
	value := object.get(target, "value", "")
	is_string(value)
	value != ""
]

# The first three names, each cut to what a phone shows.
few(names) := concat("", [concat(", ", array.slice([quoted(substring(name, 0, 60)) | some name in names], 0, 3)), more(names)])

# A name that holds more than a plain name does stands in quotes, so that it cannot pass for a part of the sentence.
quoted(name) := name if regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

quoted(name) := sprintf("'%s'", [replace(name, "'", "")]) if not regex.match(`^[A-Za-z0-9._/@:+~#*=-]+$`, name)

more(names) := sprintf(" and %d more", [count(names) - 3]) if count(names) > 3

more(names) := "" if count(names) <= 3
