package safety.rules.leaks_secrets_test

import rego.v1

import data.safety.rules.leaks_secrets

test_a_key_that_leaves_is_critical if {
	found := leaks_secrets.hits with input as {"actions": [{"kind": "outward", "targets": [], "traits": []}, {"kind": "read", "targets": [{"kind": "path", "value": "x", "zone": "sensitive"}], "traits": []}]}
	some hit in found
	hit.level == "critical_red"
}

test_a_reference_that_leaves_is_red if {
	found := leaks_secrets.hits with input as {"actions": [{"kind": "outward", "targets": [], "traits": []}], "refs": ["key"]}
	some hit in found
	hit.level == "red"
}

test_a_key_that_stays_is_no_matter if {
	found := leaks_secrets.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "path", "value": "x", "zone": "sensitive"}], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := leaks_secrets.hits with input as {"actions": [{}]}
	is_set(found)
}
