package safety.rules.destroys_masses_test

import rego.v1

import data.safety.rules.destroys_masses

test_a_whole_database_is_critical if {
	found := destroys_masses.hits with input as {"actions": [{"kind": "destroy", "targets": [], "traits": ["mass"]}]}
	some hit in found
	hit.level == "critical_red"
}

test_every_record_is_red if {
	found := destroys_masses.hits with input as {"actions": [{"kind": "destroy", "targets": [], "traits": ["unbounded"]}]}
	some hit in found
	hit.level == "red"
}

test_one_file_is_no_matter if {
	found := destroys_masses.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := destroys_masses.hits with input as {"actions": [{}]}
	is_set(found)
}
