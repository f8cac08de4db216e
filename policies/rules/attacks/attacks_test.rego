package safety.rules.attacks_test

import rego.v1

import data.safety.rules.attacks

test_an_attack_is_critical if {
	found := attacks.hits with input as {"actions": [{"kind": "credential", "targets": [], "traits": ["attack"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_a_password_is_no_attack if {
	found := attacks.hits with input as {"actions": [{"kind": "credential", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := attacks.hits with input as {"actions": [{}]}
	is_set(found)
}
