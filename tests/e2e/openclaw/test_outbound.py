"""What agents say to people through a chat: without secrets, and to nobody who has not written or been agreed to."""

from __future__ import annotations

from tests.e2e.openclaw.test_approvals import publish, published
from tests.e2e.openclaw.world import RECITED, World
from tests.simulators.scripted_model import KNOWN, Call, Recite, Say, Step, script
from tests.simulators.telegram import NEIGHBOUR, OWNER, STRANGER


def write(world: World, *steps: Step, sender: int = OWNER) -> int:
    """Let a person write to the bot; return how many messages it had sent before."""
    before = len(world.messenger.sent)
    world.messenger.write(f"please {script(*steps)}", sender=sender)
    return before


def test_whoever_writes_is_answered(world: World) -> None:
    before = write(world, Say("Good morning, Olga."))
    sent = world.messenger.await_sent(lambda sent: "Good morning" in sent.text, after=before)
    assert (sent.chat, sent.text) == (OWNER, "Good morning, Olga.")


def test_a_secret_that_a_model_knows_is_taken_out_of_its_answer(world: World) -> None:
    """This agent's model does not even answer by way of the edge."""
    KNOWN["the password"] = f"It is {world.values[RECITED]}, as ever."
    before = write(world, Recite("the password"), sender=NEIGHBOUR)
    sent = world.messenger.await_sent(lambda sent: "as ever" in sent.text, after=before)
    assert (sent.chat, sent.text) == (NEIGHBOUR, "It is SECRET_REF(RECITED_IN_A_CHAT), as ever.")


def test_a_message_to_a_stranger_waits_for_a_person(world: World) -> None:
    message = {"action": "send", "channel": "telegram", "to": str(STRANGER), "message": "We are open on Sunday."}
    first = world.inner("message", **message)
    assert "yellow_external" in first.result
    assert not [sent for sent in world.messenger.sent if sent.chat == STRANGER]
    world.answer(first)
    world.inner("message", **message)
    assert [sent.text for sent in world.messenger.sent if sent.chat == STRANGER] == ["We are open on Sunday."]
    assert world.inner("message", **message).approval != first.approval


def test_the_answer_to_a_late_approval_reaches_the_chat_that_asked(world: World) -> None:
    job = Call("exec", {"command": publish("neighbours")})
    before = write(world, job, Say("I have asked for it."), job, Say("It is out now."))
    world.messenger.await_sent(lambda sent: sent.text == "I have asked for it.", after=before)
    world.site.answer(world.questions()[0])
    sent = world.messenger.await_sent(lambda sent: sent.text == "It is out now.", after=before)
    assert sent.chat == OWNER
    assert published(world, "neighbours") == 1


def test_a_button_in_the_chat_answers_where_policy_lets_it(world: World) -> None:
    job = Call("exec", {"command": publish("regulars")})
    before = write(world, job, Say("I have asked you."), job, Say("The regulars have it."))
    asked = world.messenger.await_sent(lambda sent: bool(sent.buttons), after=before)
    assert asked.chat == OWNER
    yes = next(button for button in asked.buttons if "once" in button.label.lower())
    world.messenger.await_sent(lambda sent: sent.text == "I have asked you.", after=before)
    world.messenger.press(asked, yes)
    world.messenger.await_sent(lambda sent: sent.text == "The regulars have it.", after=before)
    assert published(world, "regulars") == 1


def test_no_button_answers_what_policy_keeps_for_others(world: World) -> None:
    before = write(world, Call("exec", {"command": "chmod 666 news.md"}), Say("I have asked elsewhere."))
    world.messenger.await_sent(lambda sent: sent.text == "I have asked elsewhere.", after=before)
    assert not [sent for sent in world.messenger.sent[before:] if sent.buttons]
    answer = {"request": world.questions()[0], "allow": True, "channel": "telegram", "approver": str(OWNER)}
    assert world.edge.client.post("/v1/answer", json=answer).status_code == 403
    assert (world.workspace / "news.md").stat().st_mode & 0o777 != 0o666


def test_a_button_says_no_as_well(world: World) -> None:
    before = write(world, Call("exec", {"command": publish("nobody")}), Say("I have asked you."), Say("Then not."))
    asked = world.messenger.await_sent(lambda sent: bool(sent.buttons), after=before)
    world.messenger.await_sent(lambda sent: sent.text == "I have asked you.", after=before)
    world.messenger.press(asked, next(button for button in asked.buttons if "deny" in button.label.lower()))
    world.messenger.await_sent(lambda sent: sent.text == "Then not.", after=before)
    assert published(world, "nobody") == 0
