# METADATA
# title: Stops or plans what runs
# description: Services, schedules, running programs, the kernel, installed programs
# custom:
#   id: controls_machine
#   kinds: [control]
package safety.rules.controls_machine

import rego.v1

hits contains {"level": "red", "reason": "stops, starts or plans programs of the machine"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "control"
}

hits contains {"level": "critical_red", "reason": "would let somebody else control this machine"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "control"
	traits := {trait | some trait in object.get(action, "traits", [])}
	"remote_control" in traits
}
