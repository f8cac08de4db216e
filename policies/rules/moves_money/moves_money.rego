# METADATA
# title: Moves money
# description: Payments, transfers, refunds, purchases
# custom:
#   id: moves_money
#   kinds: [money]
package safety.rules.moves_money

import rego.v1

hits contains {"level": "red", "reason": "moves money"} if {
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "money"
}
