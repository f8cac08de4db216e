"""Where hosts lie, and which addresses carry data out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.classify.catalogue import Catalogue
from safety_core.classify.network import carries_data, host_target, recipient_target, service_calls, url_target
from safety_core.classify.paths import HOLE
from safety_core.model.facts import Zone
from tests.simulators.judging import Judging


@pytest.mark.parametrize(
    ("url", "host", "zone"),
    [
        ("https://example.com/x", "example.com", Zone.OUTSIDE),
        ("example.com/x", "example.com", Zone.OUTSIDE),
        ("//example.com/x", "example.com", Zone.OUTSIDE),
        ("https://EXAMPLE.com.:443", "example.com", Zone.OUTSIDE),
        ("https://user:pass@example.com", "example.com", Zone.OUTSIDE),
        ("http://localhost:8080", "localhost", Zone.LOCAL),
        ("http://127.1/", "127.0.0.1", Zone.LOCAL),
        ("http://0x7f.0.0.1/", "127.0.0.1", Zone.LOCAL),
        ("http://[::1]:80/", "::1", Zone.LOCAL),
        ("http://10.0.0.7/", "10.0.0.7", Zone.OUTSIDE),
        ("http://shop.internal/", "shop.internal", Zone.LOCAL),
        ("http://bücher.example/", "xn--bcher-kva.example", Zone.OUTSIDE),
        ("http://evil.example\\@good.example/", "evil.example", Zone.UNKNOWN),
        (f"https://{HOLE}/x", "", Zone.UNKNOWN),
        ("http://[", "[", Zone.UNKNOWN),
        ("file:///etc/passwd", "", Zone.UNKNOWN),
    ],
)
def test_host_of_a_url(url: str, host: str, zone: Zone) -> None:
    target = url_target(url)
    assert target.zone is zone
    assert zone is Zone.UNKNOWN or target.value == host


@pytest.mark.parametrize(
    ("text", "zone"),
    [("root@host.example:22", Zone.OUTSIDE), ("[::1]:22", Zone.LOCAL), ("", Zone.UNKNOWN), (HOLE, Zone.UNKNOWN)],
)
def test_host(text: str, zone: Zone) -> None:
    assert host_target(text).zone is zone


def test_recipients_are_outside_unless_unknown() -> None:
    assert recipient_target(" a@b.c ").value == "a@b.c"
    assert recipient_target(HOLE).zone is Zone.UNKNOWN


def test_long_and_computed_addresses_carry_data() -> None:
    assert carries_data("https://x/" + "a" * 300)
    assert carries_data(f"https://x/{HOLE}")
    assert not carries_data("https://x/a")


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    url_target(text)
    host_target(text)


SERVICES = Catalogue(
    {
        "http": {
            "till": {
                "hosts": "till.example",
                "ports": "9900",
                "words": "changes the till",
                "calls": {"POST /ask(/.*)?": "read", "POST PUT /sales": "money", "DELETE /.*": "destroy"},
            },
            "anywhere": {"calls": {"POST /_ask": "read", "POST /_close": "control"}},
        }
    }
).services


@pytest.mark.parametrize(
    ("method", "url", "kinds"),
    [
        ("POST", "https://till.example/sales", ["money"]),
        ("put", "https://eu.till.example/sales?x=/ask", ["money"]),
        ("POST", "https://notill.example/sales", []),
        ("POST", "https://till.example/salesman", []),
        ("GET", "https://till.example/sales", []),
        ("POST", "https://till.example/ask", ["read"]),
        ("POST", "http://localhost:9900/ask/all", ["read"]),
        ("POST", "localhost:9900/ask", ["read"]),
        ("POST", "//localhost:9900/ask#x", ["read"]),
        ("POST", "http://other.example:9900/ask", []),
        ("POST", "http://other.example:9900/sales", ["money"]),
        ("DELETE", "http://other.example:9900", ["destroy"]),
        ("POST", "http://localhost/_ask", ["read"]),
        ("POST", "https://other.example/_ask", []),
        ("POST", "https://other.example/_close", ["control"]),
        ("POST", "\n", []),
    ],
)
def test_what_a_request_does_to_a_known_service(method: str, url: str, kinds: list[str]) -> None:
    assert [call.spec.kind for call in service_calls(SERVICES, method, url)] == kinds


def test_a_file_or_a_mutation_is_no_mere_question() -> None:
    assert service_calls(SERVICES, "POST", "http://localhost/_ask", "{}")
    assert not service_calls(SERVICES, "POST", "http://localhost/_ask", "@report.pdf")
    assert not service_calls(SERVICES, "POST", "http://localhost/_ask", "mutation { close }")


@given(st.text(), st.text())
def test_any_method_and_address_can_be_asked_about(method: str, url: str) -> None:
    assert isinstance(service_calls(SERVICES, method, url), list)


def test_an_address_that_begins_as_the_one_of_credentials_is_taken_for_it() -> None:
    assert url_target(f"http://169.254.170.2{HOLE}").zone is Zone.SENSITIVE
    assert host_target(f"169.254.{HOLE}").zone is Zone.SENSITIVE
    assert host_target(f"example.{HOLE}").zone is Zone.UNKNOWN


@pytest.mark.parametrize(("query", "kinds"), [("action=DELETE&name=a", ["destroy"]), ("action=LIST", []), ("", [])])
def test_what_a_query_asks_for_counts(judging: Judging, query: str, kinds: list[str]) -> None:
    url = f"http://localhost:8983/solr/admin/collections?{query}"
    found = service_calls(Catalogue(judging.catalogue).services, "GET", url)
    assert [call.spec.kind for call in found] == kinds
