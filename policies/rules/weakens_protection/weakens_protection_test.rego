package safety.rules.weakens_protection_test

import rego.v1

import data.safety.rules.weakens_protection

test_switching_protection_off_is_critical if {
	found := weakens_protection.hits with input as {"actions": [{"kind": "control", "form": "disable_mfa", "traits": ["protection"]}]}
	found == {{"level": "critical_red", "reason": "would switch off what protects accounts or machines: disable_mfa"}}
}

test_stopping_something_else_is_not if {
	found := weakens_protection.hits with input as {"actions": [{"kind": "control", "form": "stop_oven", "traits": []}]}
	count(found) == 0
}

test_looking_at_protection_is_not if {
	found := weakens_protection.hits with input as {"actions": [{"kind": "read", "form": "get_mfa", "traits": ["protection"]}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := weakens_protection.hits with input as {"actions": [{}, {"kind": "control", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
