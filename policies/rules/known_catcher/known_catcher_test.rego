package safety.rules.known_catcher_test

import rego.v1

import data.safety.rules.known_catcher

reach(host) := {"actions": [{"kind": "read", "targets": [{"kind": "host", "value": host, "zone": "outside"}], "traits": []}]}

test_a_catcher_is_red if {
	found := known_catcher.hits with input as reach("webhook.site")
	some hit in found
	hit.level == "red"
}

test_a_name_below_a_catcher_is_red if {
	found := known_catcher.hits with input as reach("a.ngrok.io")
	count(found) == 1
}

test_a_name_that_only_ends_alike_is_no_matter if {
	found := known_catcher.hits with input as reach("notwebhook.site")
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := known_catcher.hits with input as {"actions": [{}]}
	is_set(found)
}
