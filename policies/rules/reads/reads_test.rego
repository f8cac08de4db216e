package safety.rules.reads_test

import rego.v1

import data.safety.rules.reads

test_looking_is_green if {
	found := reads.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "green"
}

test_writing_is_not_looking if {
	found := reads.hits with input as {"actions": [{"kind": "write", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := reads.hits with input as {"actions": [{}]}
	is_set(found)
}
