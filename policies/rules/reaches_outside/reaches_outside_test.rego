package safety.rules.reaches_outside_test

import rego.v1

import data.safety.rules.reaches_outside

test_a_message_is_external if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "yellow_external"
}

test_many_recipients_are_red if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [], "traits": ["mass"]}]}
	some hit in found
	hit.level == "red"
}

test_reading_reaches_nobody if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := reaches_outside.hits with input as {"actions": [{}]}
	is_set(found)
}
