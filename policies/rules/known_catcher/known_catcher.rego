# METADATA
# title: Reaches a place that collects data
# description: Hosts that collect what anybody sends them
# custom:
#   id: known_catcher
#   kinds: [read, outward, write]
package safety.rules.known_catcher

import rego.v1

hits contains {"level": "red", "reason": "reaches a place that collects whatever is sent to it"} if {
	some action in object.get(input, "actions", [])
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "host"
	some host in object.get(object.get(data.hosts, "hosts", {}), "catchers", [])
	value := object.get(target, "value", "")
	covered(value, host)
}

covered(value, host) if value == host

covered(value, host) if endswith(value, concat("", [".", host]))
