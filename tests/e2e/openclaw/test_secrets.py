"""Secrets in an agent's work: used without being seen, taken out of all that comes back, asked for where missing."""

from __future__ import annotations

import hashlib
import re

import pytest

from safety_core.bundle.samples import invented
from tests.e2e.openclaw.world import APIS, World
from tests.simulators.planted import kept, leaks


@pytest.mark.parametrize("agent", APIS)
def test_a_command_gets_the_value_and_the_model_only_its_name(world: World, agent: str) -> None:
    password = world.values["DB_PASSWORD"]
    told = world.exec("printf %s SECRET_REF(DB_PASSWORD) | sha256sum; echo it is SECRET_REF(DB_PASSWORD)", agent=agent)
    digest = hashlib.sha256(password.encode()).hexdigest()
    assert told.result.split("\n")[:2] == [f"{digest}  -", "it is SECRET_REF(DB_PASSWORD)"]


def test_a_command_that_runs_on_gets_it_too_and_its_output_is_scrubbed_when_it_is_asked_for(world: World) -> None:
    command = "sleep 2; echo late SECRET_REF(DB_PASSWORD)"
    session, output = world.in_background(command)
    assert "late SECRET_REF(DB_PASSWORD)" in output, session


def test_a_command_ends_as_it_would_without_a_secret(world: World) -> None:
    told = world.exec("echo SECRET_REF(DB_PASSWORD) >/dev/null; exit 3")
    assert "3" in told.result


def test_a_name_that_the_vault_does_not_have_runs_nothing(world: World) -> None:
    told = world.exec("touch ran-all-the-same SECRET_REF(NOBODY_KNOWS)")
    assert "NOBODY_KNOWS" in told.result
    assert not (world.workspace / "ran-all-the-same").exists()


def test_a_secret_is_sent_out_only_after_a_person_has_agreed(world: World) -> None:
    request = {"method": "POST", "url": "https://shop.invalid/orders", "headers": {"X-Key": "SECRET_REF(DB_PASSWORD)"}}
    first = world.call("http_request", **request)
    assert "leaks_secrets" in first.result
    world.answer(first)
    told = world.call("http_request", **request)
    assert "has a host that cannot be found" in told.result  # so the edge went to send it


def test_an_agent_sees_the_names_that_its_manifest_lets_it_use(world: World) -> None:
    names = world.call("secret_names").result.splitlines()
    assert {"SECRET_REF(DB_PASSWORD)", "SECRET_REF(PLANTED_00)"} <= {*names}
    assert world.call("secret_names", agent="held").result == "SECRET_REF(DB_PASSWORD)"


def test_an_agent_cannot_use_a_secret_of_others(world: World) -> None:
    told = world.exec("echo SECRET_REF(PLANTED_00)", agent="held")
    assert "Safety Gateway: blocked" in told.result


def test_a_missing_secret_is_asked_for_at_the_hub(world: World) -> None:
    told = world.call("secret_request", name="STRIPE_KEY", why="to refund order 1042")
    world.answer(told)
    assert "STRIPE_KEY was approved" in world.call("secret_request", name="STRIPE_KEY", why="to refund it").result


@pytest.mark.parametrize("agent", APIS)
def test_a_secret_in_a_result_is_taken_out(world: World, agent: str) -> None:
    (world.workspace / "note.txt").write_text(f"the shop opens with {world.values['DB_PASSWORD']} at nine")
    told = world.exec("cat note.txt", agent=agent)
    assert told.result == "the shop opens with SECRET_REF(DB_PASSWORD) at nine"


def test_a_token_that_nobody_registered_is_found_by_its_shape(world: World) -> None:
    token = invented("gh{}p_{github}")
    world.values["found in a file"] = token
    (world.workspace / "note.txt").write_text(f"the deploy uses {token} for now")
    told = world.exec("cat note.txt")
    assert re.fullmatch(r"the deploy uses SECRET_REF\(found_\w+\) for now", told.result)


def test_a_secret_that_a_person_types_does_not_reach_the_model(world: World) -> None:
    told = world.exec("echo thanks", said=f"the password is {world.values['DB_PASSWORD']}")
    assert told.result == "thanks"
    assert b"the password is SECRET_REF(DB_PASSWORD)" in world.sent()


def test_the_agents_have_no_key_of_a_provider_any_more(world: World) -> None:
    keys = {name: endpoint.key for name, endpoint in world.gateway.host.models.items()}
    assert leaks(keys, kept(world.gateway.folder)) == []
