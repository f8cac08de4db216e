# METADATA
# title: Destroys the machine
# description: Deleting everything under the root, a home or a system folder; erasing disks; exhausting the machine
# custom:
#   id: destroys_machine
#   kinds: [destroy]
package safety.rules.destroys_machine

import rego.v1

hits contains {"level": "critical_red", "reason": "would delete a whole system or home folder"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
	traits := {trait | some trait in object.get(action, "traits", [])}
	some zone in zones(action)
	zone in {"root", "device"}
	some trait in traits
	trait in {"recursive", "wildcard", "forced"}
}

hits contains {"level": "critical_red", "reason": "would delete folders that the machine needs"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
	traits := {trait | some trait in object.get(action, "traits", [])}
	some zone in zones(action)
	zone == "system"
	"recursive" in traits
}

hits contains {"level": "critical_red", "reason": "would erase a disk or stop the machine"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
	traits := {trait | some trait in object.get(action, "traits", [])}
	some trait in traits
	trait in {"machine", "raw"}
	not "dry" in traits
}

zones(action) := {zone |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	zone := object.get(target, "zone", "unknown")
}
