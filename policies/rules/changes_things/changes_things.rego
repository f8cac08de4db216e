# METADATA
# title: Changes something
# description: Changes inside the tenant that are easy to undo
# custom:
#   id: changes_things
#   kinds: [write]
package safety.rules.changes_things

import rego.v1

hits contains {"level": "yellow", "reason": "changes something that can be changed back"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "write"
}
