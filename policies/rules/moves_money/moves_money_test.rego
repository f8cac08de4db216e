package safety.rules.moves_money_test

import rego.v1

import data.safety.rules.moves_money

test_money_is_red if {
	found := moves_money.hits with input as {"actions": [{"kind": "money", "targets": [], "traits": []}]}
	found == {{"level": "red", "reason": "moves money"}}
}

test_how_much_and_to_whom_are_told if {
	targets := [{"kind": "recipient", "value": "Mill Ltd", "zone": "outside"}, {"kind": "amount", "value": "1,200.00 EUR", "zone": "unknown"}]
	found := moves_money.hits with input as {"actions": [{"kind": "money", "targets": targets, "traits": [], "words": "pays money"}]}
	found == {{"level": "red", "reason": "pays money: 1,200.00 EUR, to 'Mill Ltd'"}}
}

test_looking_at_money_moves_none if {
	found := moves_money.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "amount", "value": "5"}]}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := moves_money.hits with input as {"actions": [{}, {"kind": "money", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
