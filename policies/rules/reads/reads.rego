# METADATA
# title: Looks at something
# description: Reading leaves nothing behind
# custom:
#   id: reads
#   kinds: [read]
package safety.rules.reads

import rego.v1

hits contains {"level": "green", "reason": "only looks"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "read"
}
