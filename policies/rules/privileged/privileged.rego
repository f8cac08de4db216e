# METADATA
# title: Runs with all rights
# description: Anything but looking, as the machine's administrator
# custom:
#   id: privileged
package safety.rules.privileged

import rego.v1

hits contains {"level": "red", "reason": "acts with all rights on this machine"} if {
	some action in object.get(input, "actions", [])
	not object.get(action, "kind", "read") in {"read"}
	"privileged" in {trait | some trait in object.get(action, "traits", [])}
}

hits contains {"level": "yellow", "reason": "looks at something with all rights on this machine"} if {
	some action in object.get(input, "actions", [])
	"privileged" in {trait | some trait in object.get(action, "traits", [])}
}
