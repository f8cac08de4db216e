# METADATA
# title: Sends out lists of people
# description: Files and tables that by their names hold customers, staff or patients, sent outside
# custom:
#   id: sends_personal_data
#   kinds: [outward]
package safety.rules.sends_personal_data

import rego.v1

hits contains {"level": "red", "reason": told("sends out what looks like a list of people", names)} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
	names := {name |
		some one in object.get(input, "actions", [])
		object.get(one, "kind", "") in {"read", "write", "outward"}
		some target in object.get(one, "targets", [])
		object.get(target, "kind", "") in {"path", "data"}
		value := object.get(target, "value", "")
		is_string(value)
		parts := split(value, "/")
		name := parts[count(parts) - 1]
		personal(name)
	}
	count(names) > 0
}

hits contains {"level": "red", "reason": "sends out what was read from a database as a whole"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
	some one in object.get(input, "actions", [])
	object.get(one, "kind", "") in {"read", "write", "outward"}
	"bulk_read" in {trait | some trait in object.get(one, "traits", [])}
}

personal(name) if {
	regex.match(`(?i)(^|[^a-z])(customers?|clients?|patients?|employees?|staff|payroll|salar(y|ies)|subscribers?|contacts?|members?|users?|persons?|people|guests?|students?|leads?|donors?)([^a-z]|$)`, name)
	regex.match(`(?i)\.(csv|tsv|xlsx?|ods|json|jsonl|ndjson|sql|db|sqlite3?|parquet|mdb|vcf|ldif|dump|bak|zip|gz|tgz|7z|pdf)$`, name)
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
