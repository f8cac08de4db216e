package safety.rules.moves_money_test

import rego.v1

import data.safety.rules.moves_money

test_paying_is_red if {
	found := moves_money.hits with input as {"actions": [{"kind": "money", "targets": [], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_reading_costs_nothing if {
	found := moves_money.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := moves_money.hits with input as {"actions": [{}]}
	is_set(found)
}
