package safety.rules.other_tenants_test

import rego.v1

import data.safety.rules.other_tenants

reached(path, zone) := found if {
	found := other_tenants.hits with input as {"actions": [{"kind": "read", "targets": [{"kind": "path", "value": path, "zone": zone}], "traits": []}]}
}

test_another_customers_folder_is_red if {
	reached("/srv/tenants/mill/orders.csv", "outside") == {{"level": "red", "reason": "reaches into the folder of another customer: /srv/tenants/mill/orders.csv"}}
	count(reached("/var/lib/customers", "system")) == 1
}

test_the_own_workspace_is_not if {
	count(reached("/srv/tenants/bakery/files/a.txt", "workspace")) == 0
}

test_a_folder_of_ones_own_customers_is_not if {
	count(reached("/home/shop/notes/customers.txt", "home")) == 0
	count(reached("/srv/www/index.html", "outside")) == 0
}

test_an_odd_input_is_no_error if {
	found := other_tenants.hits with input as {"actions": [{}, {"kind": "read", "targets": [{"value": 7}], "words": 7, "traits": [7]}]}
	is_set(found)
}
