# METADATA
# title: Works with passwords or keys
# description: Showing, making or changing what opens an account
# custom:
#   id: handles_credentials
#   kinds: [credential]
package safety.rules.handles_credentials

import rego.v1

hits contains {"level": "red", "reason": "works with passwords, keys or accounts"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "credential"
}
