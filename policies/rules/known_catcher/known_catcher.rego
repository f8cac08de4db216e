# METADATA
# title: Reaches a place that collects data
# description: Hosts that collect what anybody sends them
# custom:
#   id: known_catcher
#   kinds: [read, outward, write]
package safety.rules.known_catcher

import rego.v1

hits contains {"level": "red", "reason": sprintf("reaches a place that collects whatever is sent to it: %s", [substring(value, 0, 100)])} if {
	some action in object.get(input, "actions", [])
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "host"
	value := object.get(target, "value", "")
	is_string(value)
	some host in object.get(object.get(data.hosts, "hosts", {}), "catchers", [])
	covered(value, host)
}

covered(value, host) if value == host

covered(value, host) if endswith(value, concat("", [".", host]))
