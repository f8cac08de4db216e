package safety.rules.uses_found_secret_test

import rego.v1

import data.safety.rules.uses_found_secret

test_a_found_secret_is_red if {
	found := uses_found_secret.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}], "discovered": ["found_x_1"]}
	some hit in found
	hit.level == "red"
}

test_a_registered_one_is_no_matter if {
	found := uses_found_secret.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}], "refs": ["key"]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := uses_found_secret.hits with input as {"actions": [{}]}
	is_set(found)
}
