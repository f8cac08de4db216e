# METADATA
# title: Changes who may do what
# description: Rights on files, accounts, networks
# custom:
#   id: changes_permissions
#   kinds: [permission]
package safety.rules.changes_permissions

import rego.v1

hits contains {"level": "yellow", "reason": "changes who may use something"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "permission"
}

hits contains {"level": "red", "reason": "changes who may do what"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "permission"
	not modest(action)
}

hits contains {"level": "critical_red", "reason": "changes the rights of the whole machine"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "permission"
	traits := {trait | some trait in object.get(action, "traits", [])}
	"recursive" in traits
	some zone in zones(action)
	zone in {"root", "system"}
}

modest(action) if {
	traits := {trait | some trait in object.get(action, "traits", [])}
	"modest" in traits
	not "recursive" in traits
	not "privileged" in traits
	zones(action) - {"workspace", "temporary", "home", "outside"} == set()
}

zones(action) := {zone |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	zone := object.get(target, "zone", "unknown")
}
