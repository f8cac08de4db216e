"""Calls of described operations become requests: where they go is the operator's word, whatever the arguments hold."""

from __future__ import annotations

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from safety_core.canonical import Json, JsonObject
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName
from safety_core.resolve import Access, HttpPlan
from safety_core.resolve.openapi import operations_of
from safety_core.resolve.rest import base_of, rest_plan
from tests.simulators.shop import description

TOKEN, KEY, PASSWORD = SecretName("SHOP_TOKEN"), SecretName("SHOP_KEY"), SecretName("SHOP_PASSWORD")
OPERATIONS = operations_of(description("http://elsewhere.example")).operations
BEARER = ("Authorization", "Bearer SECRET_REF(SHOP_TOKEN)")
JSON = ("Content-Type", "application/json")


def shop(target: str = "https://shop.example/api/", **changes: object) -> Connection:
    secrets = {"token": TOKEN, "key": KEY, "password": PASSWORD}
    return Connection("shop", "rest", target, **{"user": "till", "secrets": secrets, **changes})  # type: ignore[arg-type]


def request(operation: str, connection: Connection | None = None, **arguments: Json) -> HttpPlan:
    return rest_plan(connection or shop(), OPERATIONS[operation], arguments, 9.0)


def made(detail: JsonObject, connection: Connection | None = None, **arguments: Json) -> HttpPlan:
    return rest_plan(connection or shop(), Operation("x", detail=detail), arguments, 9.0)


def test_an_operation_that_reads() -> None:
    expected = HttpPlan(
        "GET", "https://shop.example/api/products?q=red%20cup%26x%3D1&limit=3", (BEARER,), "", (TOKEN,), 9.0,
        access=Access("shop"),
    )  # fmt: skip
    assert request("list_products", q="red cup&x=1", limit=3) == expected
    assert request("list_products").url == "https://shop.example/api/products"


def test_an_operation_that_writes_carries_its_body_and_the_key() -> None:
    expected = HttpPlan(
        "POST", "https://shop.example/api/orders/o1/refunds", (JSON, BEARER), '{"amount":300,"reason":"SECRET_REF(a)"}',
        (SecretName("a"), TOKEN), 9.0, keyed=True, access=Access("shop"),
    )  # fmt: skip
    assert request("refund_order", order_id="o1", amount=300, reason="SECRET_REF(a)") == expected


def test_the_key_is_for_services_that_know_it() -> None:
    assert not made({"method": "POST"}).keyed
    assert made({"method": "POST"}, shop(options={"idempotency": True})).keyed
    assert not made({"method": "PUT"}, shop(options={"idempotency": True})).keyed


def test_each_secret_goes_where_its_scheme_says() -> None:
    header = request("get_stock")
    assert (header.headers, header.refs) == ((("X-Api-Key", "SECRET_REF(SHOP_KEY)"),), (KEY,))
    basic = request("report")
    assert (basic.headers, basic.refs) == ((), (PASSWORD,))
    assert basic.access == Access("shop", basic=("till", PASSWORD))
    query = made({"security": [[{"by": "query", "name": "api key"}]]})
    assert query.url == "https://shop.example/api/?api%20key=SECRET_REF(SHOP_KEY)"


def test_the_first_way_in_that_has_its_secrets_is_taken() -> None:
    ways: JsonObject = {"security": [[{"by": "basic"}], [{"by": "bearer"}], "odd"]}
    assert made(ways, shop(secrets={"token": TOKEN})).headers == (BEARER,)
    assert made({"security": [[]]}).headers == ()
    with pytest.raises(ExecutionError, match=r"no secret in the slot password or token.*secrets = { password"):
        made(ways, shop(secrets={}))


@pytest.mark.parametrize(
    ("secrets", "options", "headers"),
    [
        ({"token": TOKEN}, {}, (BEARER,)),
        ({"key": KEY}, {"key_header": "X-K"}, (("X-K", "SECRET_REF(SHOP_KEY)"),)),
        ({"key": KEY}, {}, ()),
        ({}, {}, ()),
    ],
)
def test_where_the_service_says_nothing_the_operator_does(secrets: object, options: object, headers: object) -> None:
    assert made({}, shop(secrets=secrets, options=options)).headers == headers


def test_lists_flags_and_headers_are_spelt_as_http_does() -> None:
    places: JsonObject = {"tag": "query", "X-Dry": "header", "n": "query"}
    given: JsonObject = {"tag": ["a", "b c", None], "X-Dry": True, "n": False}
    found = rest_plan(shop(), Operation("x", detail={"places": places}), given, 9.0)
    assert found.url == "https://shop.example/api/?tag=a&tag=b%20c&n=false"
    assert found.headers == (("X-Dry", "true"), BEARER)
    with pytest.raises(ExecutionError, match="argument n: must be text, a number"):
        made({"places": places}, n={"a": 1})


def test_a_body_is_written_as_its_kind() -> None:
    form: JsonObject = {"method": "POST", "type": "application/x-www-form-urlencoded", "fields": ["a", "b", "c"]}
    assert made(form, a="x y&z", b="SECRET_REF(k)é").body == "a=x+y%26z&b=SECRET_REF(k)%C3%A9"
    assert made(form).body == ""
    whole: JsonObject = {"method": "POST", "type": "application/json", "whole": "body"}
    assert made(whole, body=[1, 2]).body == "[1,2]"
    assert made(whole).headers == (BEARER,)


def test_arguments_are_held_against_the_description() -> None:
    with pytest.raises(ExecutionError, match=r"argument amount of tool shop.refund_order: is missing"):
        request("refund_order", order_id="o1")
    with pytest.raises(ExecutionError, match=r"argument host of tool shop.get_order: is not taken"):
        request("get_order", order_id="o1", host="elsewhere.example")


@pytest.mark.parametrize(
    "value", ["", ".", "..", "...", "a/b", "/", "..\\x", "a\x00", "a\n", "a\x7f", "SECRET_REF(a)", "x/../../admin"]
)
def test_a_path_parameter_stays_one_segment(value: str) -> None:
    with pytest.raises(ExecutionError, match="argument order_id: cannot stand in the path"):
        request("get_order", order_id=value)


@for_all(st.text(min_size=1))
def test_whatever_stands_in_a_path_parameter_the_path_keeps_its_shape(value: str) -> None:
    try:
        url = request("get_order", order_id=value).url
    except (ExecutionError, UnicodeEncodeError):
        return
    before, _, segment = url.rpartition("/")
    assert before == "https://shop.example/api/orders"
    assert segment
    assert not set(segment) & set("/?#\\@ ")


def test_a_path_parameter_must_be_there_and_plain() -> None:
    with pytest.raises(ExecutionError, match="argument id: must be text"):
        made({"path": "/things/{id}"})
    assert made({"path": "/things/{id}.json"}, id=7).url == "https://shop.example/api/things/7.json"


@pytest.mark.parametrize(
    "target",
    [
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://a@shop.example",
        "https://shop.example/?q",
        "https://SECRET_REF(a)/",
    ],
)
def test_a_target_is_the_url_of_a_service(target: str) -> None:
    with pytest.raises(ExecutionError, match="connection shop: has no URL"):
        base_of(shop(target))


def test_a_service_may_have_an_authority_of_its_own() -> None:
    assert request("report", shop(options={"ca": "/etc/shop.pem"})).access == Access(
        "shop", basic=("till", PASSWORD), ca="/etc/shop.pem"
    )


def test_secrets_do_not_go_over_plain_http_but_near_by() -> None:
    with pytest.raises(ExecutionError, match="plain http"):
        request("report", shop("http://shop.example"))
    assert request("report", shop("http://10.0.0.9", private=True)).access == Access("shop", True, ("till", PASSWORD))
