"""`python -m demo_pool.tenant.pin`: the security author signs a policy that pins the visitor's passkey.

From then on the edge takes this passkey's word for the gravest calls, too, and the hub's as little as before.
"""

from __future__ import annotations

from demo_pool.tenant.setup import HUB_COMMAND, HUB_KEY, PUBLISHER, publish, safety
from safety_core.errors import InputError


def main() -> None:
    """Publish it. Raises InputError where nobody has made a passkey yet."""
    passkeys = [line for line in safety(*HUB_COMMAND, "passkey", "list").splitlines() if line.startswith(" ")]
    if not passkeys:
        raise InputError("passkey", "has not been made yet", "scan the code, and make one")
    publish(HUB_KEY.read_text() + "\n".join(passkeys) + "\n", str(PUBLISHER))


if __name__ == "__main__":
    main()
