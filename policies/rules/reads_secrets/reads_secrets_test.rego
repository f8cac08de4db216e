package safety.rules.reads_secrets_test

import rego.v1

import data.safety.rules.reads_secrets

test_a_key_is_red if {
	found := reads_secrets.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "path", "value": "x", "zone": "sensitive"}], "traits": []}]}
	some hit in found
	hit.level == "red"
}

test_a_note_is_no_matter if {
	found := reads_secrets.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "path", "value": "x", "zone": "workspace"}], "traits": []}]}
	count(found) == 0
}

test_an_odd_input_is_no_error if {
	found := reads_secrets.hits with input as {"actions": [{}]}
	is_set(found)
}

test_the_metadata_of_a_cloud_holds_keys if {
	found := reads_secrets.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "host", "value": "169.254.169.254", "zone": "sensitive"}]}]}
	some hit in found
	hit.level == "red"
}
