package safety.rules.deletes_test

import rego.v1

import data.safety.rules.deletes

test_a_name_cannot_pass_for_the_sentence if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "data", "value": "nothing, really 'fine'", "zone": "unknown"}], "traits": [], "words": "deletes orders"}]}
	found == {{"level": "red", "reason": "deletes orders, hard to undo: 'nothing, really fine'"}}
}

test_one_file_in_the_workspace_is_a_lesser_matter if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "/workspace/a/b.txt", "zone": "workspace"}], "traits": [], "words": "deletes files"}]}
	found == {{"level": "yellow", "reason": "deletes files: b.txt"}}
}

test_a_file_elsewhere_is_red_and_named_in_full if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "/srv/b.txt", "zone": "outside"}], "traits": [], "words": "deletes files"}]}
	found == {{"level": "red", "reason": "deletes files, hard to undo: /srv/b.txt"}}
}

test_many_are_counted if {
	targets := [{"kind": "data", "value": sprintf("order %d", [number]), "zone": "unknown"} | some number in numbers.range(1, 9)]
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": targets, "traits": [], "words": "deletes orders"}]}
	found == {{"level": "red", "reason": "deletes orders, hard to undo: 'order 1', 'order 2', 'order 3' and 6 more"}}
}

test_several_effects_of_one_sort_are_told_together if {
	one := {"kind": "destroy", "targets": [{"kind": "data", "value": "a", "zone": "unknown"}], "traits": [], "words": "deletes orders"}
	two := {"kind": "destroy", "targets": [{"kind": "data", "value": "b", "zone": "unknown"}], "traits": [], "words": "deletes orders"}
	found := deletes.hits with input as {"actions": [one, two]}
	found == {{"level": "red", "reason": "deletes orders, hard to undo: a, b"}}
}

test_a_pattern_in_the_workspace_is_red if {
	found := deletes.hits with input as {"actions": [{"kind": "destroy", "targets": [{"kind": "path", "value": "/workspace/*", "zone": "workspace"}], "traits": ["wildcard"]}]}
	some hit in found
	hit.level == "red"
}

test_reading_deletes_nothing if {
	found := deletes.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := deletes.hits with input as {"actions": [{}, {"kind": "destroy", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
