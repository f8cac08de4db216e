package safety.rules.controls_machine_test

import rego.v1

import data.safety.rules.controls_machine

test_stopping_a_service_is_red if {
	found := controls_machine.hits with input as {"actions": [{"kind": "control", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_remote_control_is_critical if {
	found := controls_machine.hits with input as {"actions": [{"kind": "control", "targets": [], "traits": ["remote_control"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_reading_is_no_matter if {
	found := controls_machine.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := controls_machine.hits with input as {"actions": [{}]}
	is_set(found)
}
