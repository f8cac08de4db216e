package safety.rules.takes_secret_apart_test

import rego.v1

import data.safety.rules.takes_secret_apart

test_a_piece_of_a_secret_is_red if {
	found := takes_secret_apart.hits with input as {"actions": [{"kind": "read", "subject": "printf"}, {"kind": "read", "subject": "head"}], "refs": ["key"]}
	some hit in found
	hit.level == "red"
}

test_a_piece_of_anything_else_is_no_matter if {
	found := takes_secret_apart.hits with input as {"actions": [{"kind": "read", "subject": "head"}], "refs": []}
	count(found) == 0
}

test_what_takes_it_whole_is_no_matter if {
	found := takes_secret_apart.hits with input as {"actions": [{"kind": "read", "subject": "sha256sum"}], "refs": ["key"]}
	count(found) == 0
}

test_a_file_with_a_secret_is_red if {
	found := takes_secret_apart.hits with input as {"actions": [{"kind": "read", "subject": "echo"}, {"kind": "write", "subject": "redirection"}], "refs": ["key"]}
	some hit in found
	hit.level == "red"
}

test_a_file_without_one_is_no_matter if {
	found := takes_secret_apart.hits with input as {"actions": [{"kind": "write", "subject": "redirection"}], "refs": []}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := takes_secret_apart.hits with input as {"actions": [{}], "refs": ["key"]}
	is_set(found)
}
