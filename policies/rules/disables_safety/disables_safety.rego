# METADATA
# title: Disables safety
# description: Switching off what protects or records (the gateway, the firewall, the logs)
# custom:
#   id: disables_safety
#   kinds: [control, destroy, write]
package safety.rules.disables_safety

import rego.v1

guarding if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") in {"control", "destroy"}
	traits := {trait | some trait in object.get(action, "traits", [])}
	"guard" in traits
	not "listing" in traits
}

hits contains {"level": "critical_red", "reason": "would switch off or erase what protects or records"} if guarding

hits contains {"level": "critical_red", "reason": "would change the safety gateway itself"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") in {"write", "destroy", "control", "permission"}
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "path"
	some part in split(object.get(target, "value", ""), "/")
	part in {".safety", ".openclaw"}
}

hits contains {"level": "critical_red", "reason": "would stop the safety gateway or what it guards with"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") in {"control", "destroy"}
	some target in object.get(action, "targets", [])
	object.get(target, "kind", "") == "data"
	some guard in {"safety", "openclaw", "auditd", "apparmor", "firewalld", "nftables", "ufw", "fail2ban"}
	startswith(object.get(target, "value", ""), guard)
}
