"""What the words in a tool's name say, by the shipped lists."""

from __future__ import annotations

import pytest

from safety_core.classify.catalogue import Catalogue, compiled
from safety_core.classify.names import GRAVEST, gravest, kinds_in, meaning_of, words_of
from safety_core.model.facts import Kind
from tests.simulators.judging import Judging

NAMES = {
    Kind.READ: """
        getBooking search.letters letters.search list-orders mcp__till__get_opening_hours order_status payment_history
        can_send_parcels get_deleted_orders list_scheduled_payments TillReadJournal view_saved_payment_methods
        get_password_policy list_api_keys bread_forecast generate_report is_user_authorized
    """,
    Kind.WRITE: """
        create_note rename_folder mcp__files__write_file create_email_template draft_letter draft_email
        mark_email_as_read label_payment remove_item_from_cart add_label_to_message turn_on_oven TillUpdateStock
    """,
    Kind.OUTWARD: """
        send_email sendEmail sendemail gmail.send_message functions.send_letter messages.send mcp__chat__post_message
        HelpingHandSendReply CheckPointSendAlert create_pull_request make_phone_call like_post create_and_send_letter
        email sms_gateway book_doctor upload_photo transfer_to_human_agent
    """,
    Kind.MONEY: """
        refund_order BakeryManagerTransferFunds make_payment place_order create_payment stripe.charges.create payment
        get_quote_and_pay cancel_and_refund BakeryBookFlight
    """,
    Kind.DESTROY: """
        delete_file deleteuser drop-table users.delete find_and_delete cancel_booking CheckPointDeleteRule
        delete_invoice
    """,
    Kind.PERMISSION: "grant_access add_collaborator make_folder_public transfer_ownership BakeryShareAccess",
    Kind.CREDENTIAL: "update_password get_password reveal_secret get_secret_value get_api_key rotate_keys",
    Kind.CONTROL: """
        unlock_front_door open_garage_door stop_service update_system_prompt disable_two_factor_authentication
    """,
    Kind.RUN_CODE: "execute_python runScript",
    Kind.UNKNOWN: "frobnicate till 42 __ messages message_template",
}


@pytest.fixture
def catalogue(judging: Judging) -> Catalogue:
    return compiled(judging.catalogue)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, text in NAMES.items() for name in text.split()])
def test_a_name_says_what_its_tool_does(catalogue: Catalogue, kind: Kind, name: str) -> None:
    assert meaning_of(name, catalogue).kind is kind


def test_an_empty_name_says_nothing(catalogue: Catalogue) -> None:
    assert meaning_of("", catalogue).kind is Kind.UNKNOWN


def test_letters_of_another_width_are_read_alike(catalogue: Catalogue) -> None:
    assert meaning_of("ｄelete_file", catalogue).kind is Kind.DESTROY


@pytest.mark.parametrize(
    ("name", "traits"),
    [
        ("delete_letter", set()),
        ("delete_all_letters", {"mass"}),
        ("drop_database", {"mass"}),
        ("clear_all_timers", set()),
        ("disable_firewall", {"protection"}),
        ("turn_off_security_system", {"protection"}),
        ("turn_on_security_system", set()),
    ],
)
def test_what_is_swept_away_or_unprotected_is_graver(catalogue: Catalogue, name: str, traits: set[str]) -> None:
    assert meaning_of(name, catalogue).traits == traits


def test_a_name_of_nouns_alone_is_not_sure(catalogue: Catalogue) -> None:
    assert not meaning_of("payment", catalogue).sure
    assert meaning_of("pay", catalogue).sure


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sendSMSNow", ["send", "sms", "now"]),
        ("mcp__till-2.open_drawer", ["mcp", "till", "2", "open", "drawer"]),
        ("", []),
    ],
)
def test_words(name: str, words: list[str]) -> None:
    assert words_of(name) == words


def test_a_subcommand_that_begins_with_looking_only_looks() -> None:
    verbs = {"list": Kind.READ, "delete": Kind.DESTROY}
    assert kinds_in(["list-delete"], verbs) == [Kind.READ]
    assert kinds_in(["delete-list"], verbs) == [Kind.DESTROY, Kind.READ]


def test_the_shipped_lists_agree_with_each_other(judging: Judging, catalogue: Catalogue) -> None:
    for section in ("verbs", "nouns", "roles", "pairs"):
        lists = judging.catalogue[section]
        assert isinstance(lists, dict)
        words = [" ".join(word.split()) for text in lists.values() for word in str(text).split(",")]
        assert sorted({word for word in words if words.count(word) > 1}) == [], section
    assert {verb for verb, _ in catalogue.pairs} <= set(catalogue.verbs)
    for name in ("weak", "light", "wiping", "revealing"):
        assert sorted(word for word in catalogue.lexicon(name) if word not in catalogue.verbs) == [], name


def test_every_effect_has_its_place_in_the_order() -> None:
    assert set(GRAVEST) == set(Kind)
    assert gravest([]) is Kind.UNKNOWN
    assert gravest([Kind.READ, Kind.MONEY, Kind.WRITE]) is Kind.MONEY
