package safety.rules.destroys_machine_test

import rego.v1

import data.safety.rules.destroys_machine

test_the_root_is_critical if {
	found := destroys_machine.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "/", "zone": "root"}], "traits": ["recursive"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_a_system_folder_is_critical if {
	found := destroys_machine.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "/etc/x", "zone": "system"}], "traits": ["recursive"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_a_disk_is_critical if {
	found := destroys_machine.hits with input as {"actions": [{"kind": "destroy", "targets": [], "traits": ["machine"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_the_workspace_is_no_matter if {
	found := destroys_machine.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": ["recursive"]}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := destroys_machine.hits with input as {"actions": [{}]}
	is_set(found)
}
