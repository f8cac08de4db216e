# METADATA
# title: Does something unclear
# description: Effects that could not be told
# custom:
#   id: unclear
#   kinds: [unknown]
package safety.rules.unclear

import rego.v1

hits contains {"level": "yellow", "reason": "does something that is not clear"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "unknown"
}
