# METADATA
# title: Destroys a lot at once
# description: A whole database, every record, everything that is not in use
# custom:
#   id: destroys_masses
#   kinds: [destroy]
package safety.rules.destroys_masses

import rego.v1

hits contains {"level": "critical_red", "reason": "deletes a great many things at once"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
	traits := {trait | some trait in object.get(action, "traits", [])}
	"mass" in traits
}

hits contains {"level": "red", "reason": "deletes every record, not just some"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
	traits := {trait | some trait in object.get(action, "traits", [])}
	"unbounded" in traits
}
