package safety.rules.sends_personal_data_test

import rego.v1

import data.safety.rules.sends_personal_data

sent(kind, path) := found if {
	one := {"kind": kind, "targets": [{"kind": "path", "value": path, "zone": "workspace"}], "traits": []}
	found := sends_personal_data.hits with input as {"actions": [one, {"kind": "outward", "targets": [], "traits": []}]}
}

test_a_list_of_customers_is_red if {
	sent("outward", "/workspace/Customers-2026.csv") == {{"level": "red", "reason": "sends out what looks like a list of people: Customers-2026.csv"}}
	count(sent("read", "/workspace/export/payroll.xlsx")) == 1
}

test_other_files_are_not_meant if {
	count(sent("outward", "/workspace/report.pdf")) == 0
	count(sent("outward", "/workspace/users_guide.md")) == 0
	count(sent("outward", "/workspace/misleads.csv")) == 0
}

test_a_whole_database_is_red if {
	dump := {"kind": "write", "targets": [], "traits": ["bulk_read"]}
	sent_out := sends_personal_data.hits with input as {"actions": [dump, {"kind": "outward", "targets": []}]}
	sent_out == {{"level": "red", "reason": "sends out what was read from a database as a whole"}}
	kept := sends_personal_data.hits with input as {"actions": [dump]}
	count(kept) == 0
}

test_keeping_it_here_is_not_meant if {
	found := sends_personal_data.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "path", "value": "/workspace/customers.csv"}]}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := sends_personal_data.hits with input as {"actions": [{}, {"kind": "outward", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
