package safety.rules.privileged_test

import rego.v1

import data.safety.rules.privileged

test_changing_is_red if {
	found := privileged.hits with input as {"actions": [{"kind": "write", "targets": [], "traits": ["privileged"]}]}
	some hit in found
	hit.level == "red"
}

test_looking_is_yellow if {
	found := privileged.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": ["privileged"]}]}
	some hit in found
	hit.level == "yellow"
}

test_without_rights_is_no_matter if {
	found := privileged.hits with input as {"actions": [{"kind": "write", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := privileged.hits with input as {"actions": [{}]}
	is_set(found)
}
