package safety.rules.unclear_test

import rego.v1

import data.safety.rules.unclear

test_the_unclear_is_yellow if {
	found := unclear.hits with input as {"actions": [{"kind": "unknown", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "yellow"
}

test_reading_is_clear if {
	found := unclear.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := unclear.hits with input as {"actions": [{}]}
	is_set(found)
}
