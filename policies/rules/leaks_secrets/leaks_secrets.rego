# METADATA
# title: Takes secrets outside
# description: A call that looks at stored secrets and reaches outside, or sends a secret to somebody
# custom:
#   id: leaks_secrets
#   kinds: [outward]
package safety.rules.leaks_secrets

import rego.v1

outside if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
}

hits contains {"level": "critical_red", "reason": "would take passwords or keys outside"} if {
	outside
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") in {"read", "outward", "write"}
	some target in object.get(action, "targets", [])
	object.get(target, "zone", "") == "sensitive"
}

hits contains {"level": "red", "reason": "sends a stored secret to somebody outside"} if {
	outside
	count(object.get(input, "refs", [])) > 0
}
