package safety.rules.reaches_outside_test

import rego.v1

import data.safety.rules.reaches_outside

test_a_message_to_nobody_in_particular_is_external if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [], "traits": []}]}
	found == {{"level": "yellow_external", "reason": "reaches somebody or something outside"}}
}

test_a_host_is_named if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [{"kind": "host", "value": "example.com", "zone": "outside"}], "traits": [], "words": "sends data"}]}
	found == {{"level": "yellow_external", "reason": "sends data: example.com"}}
}

test_one_person_is_named if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [{"kind": "recipient", "value": "anna@example.com", "zone": "outside"}], "traits": [], "words": "sends a message"}]}
	found == {{"level": "yellow_external", "reason": "sends a message: one person outside your company (anna@example.com)"}}
}

test_people_of_the_own_company_are_told_apart if {
	targets := [{"kind": "recipient", "value": "anna@example.com", "zone": "outside"}, {"kind": "recipient", "value": "Olga@Bakery.test", "zone": "outside"}]
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": targets, "traits": [], "words": "sends a message"}]}
		with data.hosts as {"hosts": {"own": ["bakery.test"]}}
	found == {{"level": "yellow_external", "reason": "sends a message: one person outside your company (anna@example.com), one person of your own company (Olga@Bakery.test)"}}
}

test_an_address_in_an_address_is_outside if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [{"kind": "recipient", "value": "spy@example.com,a@bakery.test", "zone": "outside"}], "words": "sends a message"}]}
		with data.hosts as {"hosts": {"own": ["bakery.test"]}}
	some hit in found
	contains(hit.reason, "outside your company")
}

test_a_crowd_is_counted_and_red if {
	targets := [{"kind": "recipient", "value": sprintf("p%d@example.com", [number]), "zone": "outside"} | some number in numbers.range(1, 412)]
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": targets, "traits": [], "words": "sends a message"}]}
	{hit.level | some hit in found} == {"yellow_external", "red"}
	some hit in found
	contains(hit.reason, "412 people outside your company")
}

test_twenty_people_are_no_crowd if {
	targets := [{"kind": "recipient", "value": sprintf("p%d@example.com", [number]), "zone": "outside"} | some number in numbers.range(1, 20)]
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": targets, "traits": []}]}
	{hit.level | some hit in found} == {"yellow_external"}
}

test_what_overwrites_is_red if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "outward", "targets": [], "traits": ["forced"]}]}
	some hit in found
	hit.level == "red"
}

test_reading_reaches_nobody if {
	found := reaches_outside.hits with input as {"actions": [{"kind": "read", "targets": [], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := reaches_outside.hits with input as {"actions": [{}, {"kind": "outward", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
