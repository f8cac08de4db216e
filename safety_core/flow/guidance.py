"""What the model is told in its system prompt: how references, pending approvals and requests for secrets work.

The same bytes for as long as policy and the names of secrets stay the same, so that providers can cache the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from safety_core.model.policy import AgentManifest
from safety_core.model.secret import SecretName

NAMES: Final = 40
"""Names that are listed; more are to be asked for."""

_TEXT: Final = """\
# Safety Gateway

Every tool call of yours is checked before it runs.

- Secrets: you never see a value. Write SECRET_REF(NAME) where the value belongs (in a command, a header, a URL or a
  body); it is filled in when the call runs, and taken out of what comes back. A SECRET_REF(...) that you see stands for
  a value: pass it on as it is, and do not try to find out what it is.
- {names} The tool secret_names lists them anew. If you need one that is missing, call secret_request with its name and
  why; a person adds it. Do not ask for a value in the chat, and do not write one down.
- Connected services: the tool services lists them and what they can do; service_call does it. Where you are told to
  call a tool of one, call it so.
- Pending: when a call is answered with "pending approval", a person has been asked and nothing has run. Say so and go
  on with other work, or end your turn. You are woken when it is decided; then repeat exactly the same call, once.
  Where the person changed and approved it in another form, you are told which: make that call, exactly so, once.
- Blocked: when a call is blocked, tell the person why. Do not look for another way to the same effect.
"""


def guidance(manifest: AgentManifest, registered: Sequence[SecretName]) -> str:
    """Return the text for one agent. `registered`: the names of all secrets, sorted."""
    names = [name for name in registered if manifest.may_use(name)]
    return _TEXT.format(names=_listed(names))


def _listed(names: Sequence[SecretName]) -> str:
    if not names:
        return "There is no secret for you yet."
    more = f", and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f"The secrets that you may refer to: {', '.join(names[:NAMES])}{more}."
