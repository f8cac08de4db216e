"""What waits for a person: asked at the hub, answered there, and run once; in the turn or long after it has ended."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.openclaw.world import APIS, Told, World, wait_until
from tests.simulators.scripted_model import Call, Say


def publish(recipient: str) -> str:
    """Return a command that reaches people outside: a program of the shop's own, which the policy lists as one."""
    return f"./newsletter publish news.md --to {recipient}@list.example"


def published(world: World, recipient: str) -> int:
    """Return how often the newsletter really went out to them."""
    path = world.workspace / "outbox.txt"
    return path.read_text().splitlines().count(f"news.md to {recipient}@list.example") if path.exists() else 0


@pytest.mark.parametrize("agent", APIS)
def test_what_reaches_people_outside_is_asked_for_and_then_runs_once(world: World, agent: str) -> None:
    customers = f"customers-of-{agent}"
    first = world.exec(publish(customers), agent=agent)
    assert "yellow_external" in first.result
    assert published(world, customers) == 0
    world.answer(first)
    assert "published to" in world.exec(publish(customers), agent=agent).result
    again = world.exec(publish(customers), agent=agent)
    assert again.approval != first.approval
    assert published(world, customers) == 1


def test_a_question_that_is_open_is_not_put_again(world: World) -> None:
    assert world.exec(publish("twice")).approval == world.exec(publish("twice")).approval


def test_an_answer_is_for_the_very_arguments_that_were_shown(world: World) -> None:
    first = world.exec(publish("staff"))
    world.answer(first)
    other = world.exec(publish("everybody"))
    assert other.approval != first.approval
    assert published(world, "everybody") == 0


def test_an_answer_is_for_the_agent_that_asked(world: World) -> None:
    first = world.exec(publish("press"))
    world.answer(first)
    other = world.exec(publish("press"), agent="claude")
    assert other.approval != first.approval
    assert published(world, "press") == 0


def test_what_was_denied_does_not_run(world: World) -> None:
    first = world.exec(publish("rivals"))
    world.answer(first, allow=False)
    assert "Safety Gateway:" in world.exec(publish("rivals")).result
    assert published(world, "rivals") == 0


def test_a_red_call_is_asked_for_as_well(world: World) -> None:
    (world.workspace / "prices.txt").write_text("spelt 4.20")
    first = world.exec("chmod 777 prices.txt")
    assert "red" in first.result
    world.answer(first)
    world.exec("chmod 777 prices.txt")
    assert (world.workspace / "prices.txt").stat().st_mode & 0o777 == 0o777


def test_the_hub_alone_cannot_let_a_critical_call_run(world: World) -> None:
    first = world.exec("terraform destroy -auto-approve")
    assert "critical_red" in first.result
    assert not world.site.may_answer(first.approval)
    assert world.exec("terraform destroy -auto-approve").approval == first.approval


def test_a_question_that_nobody_answers_in_time_is_over(world: World) -> None:
    first = world.exec(publish("the-late"))
    age(world, first.approval)
    second = world.exec(publish("the-late"))
    assert second.approval != first.approval
    world.site.may_answer(first.approval)  # the hub may have heard of the second one, and refuse; it opens nothing
    assert world.exec(publish("the-late")).approval == second.approval
    assert published(world, "the-late") == 0


def test_a_late_answer_resumes_the_job(world: World) -> None:
    """The turn has ended long ago; the agent is woken, repeats its call, and goes on."""
    job = Call("exec", {"command": publish("readers")})
    results, turn = world.say(job, Say("I have asked."), job, Say("The newsletter is out."))
    assert (len(results), turn.text) == (1, "I have asked.")
    approval = Told(results[0], turn).approval
    world.site.answer(approval)
    wait_until(lambda: published(world, "readers") == 1)
    wait_until(lambda: "The newsletter is out." in world.history(turn.session))
    assert f"approval {approval}" in world.history(turn.session)


def test_a_late_no_is_told_to_the_agent_too(world: World) -> None:
    results, turn = world.say(Call("exec", {"command": publish("critics")}), Say("I have asked."), Say("Then not."))
    world.site.answer(Told(results[0], turn).approval, allow=False)
    wait_until(lambda: "Then not." in world.history(turn.session))
    assert published(world, "critics") == 0


def test_a_call_that_the_approver_changed_runs_as_they_have_it_and_once(world: World) -> None:
    """The agent is woken and told the other arguments, calls with them, and goes on; its own call never runs."""
    job, instead = Call("exec", {"command": publish("everyone")}), Call("exec", {"command": publish("a-few")})
    results, turn = world.say(job, Say("I have asked."), instead, Say("It went to a few."))
    approval = Told(results[0], turn).approval
    changed = world.edit(approval, command=publish("a-few"))
    assert changed != approval
    world.site.answer(changed)
    wait_until(lambda: published(world, "a-few") == 1)
    wait_until(lambda: world.history(turn.session).count("It went to a few.") == 2)  # the script, and the model's word
    assert f"stands in place of approval {approval}" in world.history(turn.session)
    again = world.exec(publish("everyone")).result
    assert "changed this call" in again
    assert publish("a-few") in again
    assert published(world, "everyone") == 0


def test_questions_wait_while_the_hub_is_away_and_go_out_when_it_is_back(world: World) -> None:
    world.hub.kill()
    first = world.exec(publish("the-patient"))
    assert world.edge.status()["approvals"]["unsent"] == 1
    assert world.exec("echo still working").result == "still working"
    world.restart_hub()
    wait_until(lambda: world.edge.status()["approvals"]["unsent"] == 0)
    world.answer(first)
    assert "published to" in world.exec(publish("the-patient")).result
    assert published(world, "the-patient") == 1


def age(world: World, approval: str) -> None:
    """Let a question be a day old: its time is taken back in the edge's own store."""
    aged = "CAST(json_set(CAST(request AS TEXT), '$.expires', 1) AS BLOB)"

    def changed() -> bool:
        with closing(sqlite3.connect(world.site.home.edge_db)) as database, database:
            done = database.execute(f"UPDATE approval SET request = {aged} WHERE id = ?", [approval])
            return done.rowcount == 1

    wait_until(changed)
