# METADATA
# title: Reaches somebody outside
# description: Mail, chat, posts, uploads, connections to other machines
# custom:
#   id: reaches_outside
#   kinds: [outward]
package safety.rules.reaches_outside

import rego.v1

hits contains {"level": "yellow_external", "reason": "reaches somebody or something outside"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
}

hits contains {"level": "red", "reason": "reaches many people, or overwrites what others have"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "outward"
	traits := {trait | some trait in object.get(action, "traits", [])}
	some trait in traits
	trait in {"mass", "forced"}
}
