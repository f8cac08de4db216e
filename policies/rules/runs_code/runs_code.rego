# METADATA
# title: Runs a program
# description: Programs whose effects cannot be read from the command
# custom:
#   id: runs_code
#   kinds: [run_code]
package safety.rules.runs_code

import rego.v1

hits contains {"level": "yellow", "reason": "runs a program whose effects cannot be seen beforehand"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "run_code"
}

hits contains {"level": "red", "reason": "runs code that comes from elsewhere or was hidden"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "run_code"
	traits := {trait | some trait in object.get(action, "traits", [])}
	some trait in traits
	trait in {"downloaded", "decoded", "evasive"}
}

hits contains {"level": "red", "reason": "makes programs with all rights start other code"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "run_code"
	traits := {trait | some trait in object.get(action, "traits", [])}
	"starts_code" in traits
	"privileged" in traits
}
