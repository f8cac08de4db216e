package safety.rules.runs_code_test

import rego.v1

import data.safety.rules.runs_code

test_a_program_is_yellow if {
	found := runs_code.hits with input as {"actions": [{"kind": "run_code", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "yellow"
}

test_a_downloaded_one_is_red if {
	found := runs_code.hits with input as {"actions": [{"kind": "run_code", "targets": [], "traits": ["downloaded"]}]}
	some hit in found
	hit.level == "red"
}

test_starting_others_with_all_rights_is_red if {
	found := runs_code.hits with input as {"actions": [{"kind": "run_code", "targets": [], "traits": ["starts_code", "privileged"]}]}
	some hit in found
	hit.level == "red"
}

test_reading_is_no_matter if {
	found := runs_code.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := runs_code.hits with input as {"actions": [{}]}
	is_set(found)
}
