package safety.rules.deletes_test

import rego.v1

import data.safety.rules.deletes

test_one_file_is_yellow if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	some hit in found
	hit.level == "yellow"
}

test_a_folder_is_red if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": ["recursive"]}]}
	some hit in found
	hit.level == "red"
}

test_a_record_is_red if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "data", "value": "orders", "zone": "unknown"}], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_writing_deletes_nothing if {
	found := deletes.hits with input as {"actions": [{"kind": "write", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := deletes.hits with input as {"actions": [{}]}
	is_set(found)
}
