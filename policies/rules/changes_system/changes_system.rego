# METADATA
# title: Changes the machine's own files
# description: Writing to system files, start-up files, keys or raw disks
# custom:
#   id: changes_system
#   kinds: [write]
package safety.rules.changes_system

import rego.v1

hits contains {"level": "red", "reason": "changes files of the machine itself, or what starts by itself"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "write"
	traits := {trait | some trait in object.get(action, "traits", [])}
	some zone in zones(action)
	zone in {"system", "root", "sensitive"}
	not "container" in traits
}

hits contains {"level": "critical_red", "reason": "writes over a disk or another device"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "write"
	"device" in zones(action)
}

zones(action) := {zone |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	zone := object.get(target, "zone", "unknown")
}
