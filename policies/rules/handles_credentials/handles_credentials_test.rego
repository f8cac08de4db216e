package safety.rules.handles_credentials_test

import rego.v1

import data.safety.rules.handles_credentials

test_a_password_is_red if {
	found := handles_credentials.hits with input as {"actions": [{"kind": "credential", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_reading_is_no_matter if {
	found := handles_credentials.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := handles_credentials.hits with input as {"actions": [{}]}
	is_set(found)
}
