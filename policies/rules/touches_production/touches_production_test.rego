package safety.rules.touches_production_test

import rego.v1

import data.safety.rules.touches_production

touches(kind, subject, value) := found if {
	found := touches_production.hits with input as {"actions": [{"kind": kind, "subject": subject, "targets": [{"kind": "data", "value": value, "zone": "unknown"}], "traits": []}]}
}

test_a_write_to_production_is_red if {
	touches("write", "psql", "shop-prod") == {{"level": "red", "reason": "changes something in production: shop-prod"}}
}

test_production_has_several_names if {
	every value in ["production", "PROD", "prod1", "eu.prod.example.com", "live", "db_live", "cluster/prd"] {
		count(touches("control", "kubectl", value)) == 1
	}
}

test_a_host_that_is_live_may_be_anybodys if {
	found := touches_production.hits with input as {"actions": [{"kind": "outward", "targets": [{"kind": "host", "value": "live.example.com"}]}]}
	count(found) == 0
}

test_words_that_only_begin_so_are_not_production if {
	every value in ["products", "product-list", "olive", "liveness", "reproduction", "staging", "prodigy"] {
		count(touches("control", "kubectl", value)) == 0
	}
}

test_looking_is_not_changing if {
	count(touches("read", "psql", "shop-prod")) == 0
}

test_a_branch_in_the_own_copy_is_not_production if {
	count(touches("write", "git", "production")) == 0
	count(touches("outward", "git", "production")) == 1
}

test_an_odd_input_is_no_error if {
	found := touches_production.hits with input as {"actions": [{}, {"kind": "write", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
