package safety.rules.changes_system_test

import rego.v1

import data.safety.rules.changes_system

test_a_system_file_is_red if {
	found := changes_system.hits with input as {"actions": [{"kind": "write", "targets": [{"kind": "path", "value": "x", "zone": "system"}], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_a_disk_is_critical if {
	found := changes_system.hits with input as {"actions": [{"kind": "write", "targets": [{"kind": "path", "value": "x", "zone": "device"}], "traits": []}]}
	some hit in found
	hit.level == "critical_red"
}

test_the_workspace_is_no_matter if {
	found := changes_system.hits with input as {"actions": [{"kind": "write", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := changes_system.hits with input as {"actions": [{}]}
	is_set(found)
}
