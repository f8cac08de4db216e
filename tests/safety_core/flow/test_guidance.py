"""What the model is told is the same from turn to turn, and names the secrets that the agent may refer to."""

from safety_core.flow.guidance import NAMES, guidance
from safety_core.model.level import Tier
from safety_core.model.policy import AgentManifest
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId

ALL = AgentManifest(AgentId("main"), Tier.TRUSTED)
KNOWN = [SecretName("CRM_KEY"), SecretName("DB_PASSWORD")]


def test_it_says_how_references_approvals_and_requests_work() -> None:
    told = guidance(ALL, KNOWN)
    for words in ("SECRET_REF(NAME)", "CRM_KEY, DB_PASSWORD.", "secret_names", "secret_request", "pending approval"):
        assert words in told
    assert told == guidance(ALL, KNOWN)


def test_it_names_only_what_the_manifest_allows() -> None:
    narrow = AgentManifest(AgentId("main"), Tier.TRUSTED, secrets=frozenset({"CRM_KEY"}))
    assert "DB_PASSWORD" not in guidance(narrow, KNOWN)
    assert "no secret for you yet" in guidance(narrow, KNOWN[1:])


def test_many_names_are_counted() -> None:
    many = [SecretName(f"KEY_{number:03}") for number in range(NAMES + 5)]
    told = guidance(ALL, many)
    assert "KEY_039, and 5 more." in told
    assert "KEY_040" not in told
