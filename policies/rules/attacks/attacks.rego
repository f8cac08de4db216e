# METADATA
# title: Attacks others
# description: Programs that break into accounts or machines
# custom:
#   id: attacks
package safety.rules.attacks

import rego.v1

hits contains {"level": "critical_red", "reason": "uses a program that breaks into accounts or machines"} if {
	some action in object.get(input, "actions", [])
	"attack" in {trait | some trait in object.get(action, "traits", [])}
}
