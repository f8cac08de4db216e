package safety.rules.changes_things_test

import rego.v1

import data.safety.rules.changes_things

test_writing_is_yellow if {
	found := changes_things.hits with input as {"actions": [{"kind": "write", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	some hit in found
	hit.level == "yellow"
}

test_reading_is_no_change if {
	found := changes_things.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := changes_things.hits with input as {"actions": [{}]}
	is_set(found)
}
