"""Where a request goes, and what of it is listed."""

from __future__ import annotations

import pytest

from proxy.providers.dialects import DIALECTS, HOSTS, api_for, part_of
from proxy.providers.paths import joined
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.egress_effects import UpstreamRequest

REQUEST = UpstreamRequest("p", "POST", "/v1/x", ((b"accept", b"*/*"),), b"")


@pytest.mark.parametrize(
    ("base", "target", "address"),
    [
        ("https://a.example", "/v1/chat", "https://a.example/v1/chat"),
        ("https://a.example/openai", "/v1/chat?x=1", "https://a.example/openai/v1/chat?x=1"),
        ("https://a.example/api/v4", "/v1/chat/completions?x=1", "https://a.example/api/v4/chat/completions?x=1"),
        ("https://a.example/api/v4", "/chat/completions", "https://a.example/api/v4/chat/completions"),
        ("https://a.example/v1", "/v1/models", "https://a.example/v1/models"),
        ("https://a.example/v1", "/v1", "https://a.example/v1"),
        (
            "https://a.example/v1beta",
            "/v1beta/models/m:generateContent",
            "https://a.example/v1beta/models/m:generateContent",
        ),
        ("https://a.example/v1", "/v1x/models", "https://a.example/v1/v1x/models"),
        ("https://v1", "/v1/models", "https://v1/v1/models"),
        ("https://a.example/v1", "/openai/v1/models", "https://a.example/v1/openai/v1/models"),
    ],
)
def test_a_base_url_s_own_version_takes_the_place_of_the_client_s(base: str, target: str, address: str) -> None:
    assert joined(base, target) == address


@pytest.mark.parametrize(
    ("dialect", "path", "told"),
    [
        ("openai", "/chat/completions", "put /v1 before it, at the end of the base URL"),
        ("ollama", "/chat", "put /api before it, at the end of the base URL"),
        ("anthropic", "/v1/v1/messages", "leave out the /v1 at the end of the base URL, for the SDK adds one"),
        ("anthropic", "/v2/v1/messages", ""),
        ("openai", "/v1/files", ""),
        ("openai", "", ""),
        ("openai", "/", ""),
    ],
)
def test_what_is_wrong_with_a_base_url_is_told(dialect: str, path: str, told: str) -> None:
    assert DIALECTS[dialect].paths.nearly("POST", path) == told


@pytest.mark.parametrize(
    ("dialect", "method", "path", "operation"),
    [
        ("gemini", "POST", "/v1beta/models/gemini-2.5-pro:generateContent", Operation(Purpose.TURN, "gemini-2.5-pro")),
        ("gemini", "POST", "/v1/tunedModels/mine:streamGenerateContent", Operation(Purpose.TURN, "mine")),
        ("gemini", "POST", "/v1beta/models/gemini-2.5-pro:predict", None),
        ("gemini", "GET", "/v1beta/models/m", Operation(Purpose.LOOK)),
        ("azure", "POST", "/openai/deployments/my%20one/chat/completions", Operation(Purpose.TURN, "my one")),
        ("openai", "POST", "/v1/responses/resp_1/cancel", Operation(Purpose.LOOK)),
        ("openai", "POST", "/v1/responses/input_tokens", Operation(Purpose.COUNT)),
        ("openai", "POST", "/v1/responses/resp_1", None),
        ("openai", "GET", "/v1/models/../files", None),
        ("anthropic", "GET", "/v1/messages/batches/b1/results", Operation(Purpose.LOOK)),
        ("deepseek", "POST", "/beta/completions", Operation(Purpose.TURN)),
        ("deepseek", "POST", "/anthropic/v1/messages", Operation(Purpose.TURN)),
        ("ollama", "POST", "/api/pull", None),
    ],
)
def test_what_is_listed_is_known_and_nothing_else(
    dialect: str, method: str, path: str, operation: Operation | None
) -> None:
    api = part_of(dialect, method, path)
    assert (api.paths.find(method, path) if api else None) == operation


@pytest.mark.parametrize(
    ("dialect", "path", "as_listed"),
    [
        ("ollama", "/v1/files", "/v1/models"),
        ("ollama", "/api/pull", "/api/tags"),
        ("gemini", "/v1beta/openai/files", "/v1beta/openai/models"),
        ("gemini", "/v1beta/files", "/v1beta/models"),
        ("deepseek", "/anthropic/v1/files", "/anthropic/v1/messages"),
        ("cohere", "/compatibility/v2/x", "/compatibility/v1/models"),
        ("openai", "/elsewhere", "/v1/models"),
    ],
)
def test_what_is_not_listed_is_refused_by_the_nearest_api(dialect: str, path: str, as_listed: str) -> None:
    assert part_of(dialect, "POST", path) is None
    method = "POST" if as_listed.endswith("messages") else "GET"
    assert api_for(dialect, "POST", path) is part_of(dialect, method, as_listed)


def test_a_known_host_is_an_address_of_its_own() -> None:
    assert set(HOSTS) == set(DIALECTS) - {"azure", "bedrock", "compatible"}
    assert all(host.startswith("https://") for name, host in HOSTS.items() if name != "ollama")


def test_no_key_no_header() -> None:
    for name, dialect in DIALECTS.items():
        if name != "bedrock":
            assert dialect.authorized(REQUEST, "https://a.example", "", 0.0) == REQUEST.headers


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/..",
        "/v1/models/%2e%2E",
        "/v1/models/a%2f..%2fb",
        "/v1/models/%252e%252e%252fb",
        "/v1/models/a%252fb",
        "/v1/models/.",
        "/v1/models/%2e",
        "/v1/models/./a",
        "/v1/models/a%5cb",
        "/v1/models/a%3fb",
        "/v1/models/a%23b",
        "/v1/models/a%00",
        "/v1/models/a%0d%0ab",
        "/v1/models/a%7f",
    ],
)
def test_a_path_that_a_server_may_take_for_another_is_not_listed(path: str) -> None:
    assert DIALECTS["openai"].paths.find("GET", path) is None


@pytest.mark.parametrize(
    "name", ["ft:gpt-4o:org::id", "arn%3Aaws%3Abedrock%3A%2Fa.b-v1%3A0", "a.b", ".a", "a.", "100%25"]
)
def test_names_of_models_pass_in_every_spelling_that_is_one(name: str) -> None:
    assert DIALECTS["openai"].paths.find("GET", f"/v1/models/{name}")
