package safety.rules.disables_safety_test

import rego.v1

import data.safety.rules.disables_safety

test_a_firewall_is_critical if {
	found := disables_safety.hits with input as {"actions": [{"kind": "control", "targets": [], "traits": ["guard"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_a_listing_is_no_matter if {
	found := disables_safety.hits with input as {"actions": [{"kind": "control", "targets": [], "traits": ["guard", "listing"]}]}
	count(found) == 0
}

test_the_gateway_itself_is_critical if {
	found := disables_safety.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "~/.safety/vault.db", "zone": "sensitive"}], "traits": []}]}
	some hit in found
	hit.level == "critical_red"
}

test_a_note_is_no_matter if {
	found := disables_safety.hits with input as {"actions": [{"kind": "write", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := disables_safety.hits with input as {"actions": [{}]}
	is_set(found)
}

test_its_service_is_critical if {
	found := disables_safety.hits with input as {"actions": [{"kind": "control", "targets": [{"kind": "data", "value": "safety-edge.service", "zone": "unknown"}], "traits": []}]}
	some hit in found
	hit.level == "critical_red"
}

test_another_service_is_no_matter if {
	found := disables_safety.hits with input as {"actions": [{"kind": "control", "targets": [{"kind": "data", "value": "nginx", "zone": "unknown"}], "traits": []}]}
	count(found) == 0
}
