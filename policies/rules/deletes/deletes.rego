# METADATA
# title: Deletes something
# description: Deleting is hard to undo; single files in the workspace or a temporary folder are a lesser matter
# custom:
#   id: deletes
#   kinds: [destroy]
package safety.rules.deletes

import rego.v1

hits contains {"level": "yellow", "reason": "deletes something"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
}

hits contains {"level": "red", "reason": "deletes something that is hard to get back"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "destroy"
	not small(action)
}

small(action) if {
	zones(action) != set()
	zones(action) - {"workspace", "temporary"} == set()
	grave := {trait | some trait in object.get(action, "traits", []); trait in {"recursive", "forced", "wildcard", "mass", "uncommitted", "privileged", "guard"}}
	grave == set()
}

zones(action) := {zone |
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	zone := object.get(target, "zone", "unknown")
}
