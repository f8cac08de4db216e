package safety.rules.changes_permissions_test

import rego.v1

import data.safety.rules.changes_permissions

test_a_modest_mode_is_yellow if {
	found := changes_permissions.hits with input as {"actions": [{"kind": "permission", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": ["modest"]}]}
	some hit in found
	hit.level == "yellow"
}

test_a_wide_mode_is_red if {
	found := changes_permissions.hits with input as {"actions": [{"kind": "permission", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_the_whole_machine_is_critical if {
	found := changes_permissions.hits with input as {"actions": [{"kind": "permission", "targets": [{"kind": "path", "value": "/", "zone": "root"}], "traits": ["recursive"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_reading_is_no_matter if {
	found := changes_permissions.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := changes_permissions.hits with input as {"actions": [{}]}
	is_set(found)
}
