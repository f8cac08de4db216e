# METADATA
# title: Uses a secret that nobody registered
# description: A secret that was found by scanning may be used only when a person agrees
# custom:
#   id: uses_found_secret
package safety.rules.uses_found_secret

import rego.v1

hits contains {"level": "red", "reason": "uses a secret that was found by scanning, which nobody has released"} if {
	count(object.get(input, "discovered", [])) > 0
}
