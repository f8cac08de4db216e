# METADATA
# title: Looks at stored secrets
# description: Files that hold passwords, keys or the gateway's own state
# custom:
#   id: reads_secrets
#   kinds: [read]
package safety.rules.reads_secrets

import rego.v1

hits contains {"level": "red", "reason": "looks at a file that holds passwords or keys"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "read"
	"sensitive" in zones(action, "path")
}

hits contains {"level": "red", "reason": "asks for the passwords or keys that this machine has at its cloud"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "read"
	"sensitive" in zones(action, "host")
}

zones(action, kind) := {zone |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == kind
	zone := object.get(target, "zone", "unknown")
}
