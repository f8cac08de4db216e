"""Settings come whole and right from file and environment, or an error names the key and the fix."""

import re
from pathlib import Path
from typing import Any

import pytest

from proxy import settings as described
from proxy.providers.dialects import DIALECTS, HOSTS
from proxy.settings import TelemetrySettings
from proxy.settings_source import VARIABLES, load_settings
from safety_core.errors import InputError

LEAST = {"SAFETY_HOME": "/h", "SAFETY_EDGE_TENANT": "bakery", "SAFETY_EDGE_WORKSPACE": "/w"}


def write(folder: Path, text: str) -> Path:
    file = folder / "edge.toml"
    file.write_text(text)
    return file


def example() -> str:
    """The example in the documentation, as a file."""
    text = (described.__doc__ or "").partition("\n\n")[2].rpartition("\n\nEvery key")[0]
    return re.sub(r"(?m)^ {4}", "", text).replace("[required]", "")


def test_the_documented_example_is_a_valid_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, example()), {})
    assert settings.tenant == "acme"
    assert settings.hub.url == "https://hub.example"
    assert settings.egress.providers["openai"].key_secret == "OPENAI_API_KEY"
    assert list(settings.clients) == ["agent"]


def test_the_documented_defaults_are_the_defaults(tmp_path: Path) -> None:
    full = load_settings(write(tmp_path, example()), {})
    least = load_settings(None, LEAST)
    for one in ("approval_wait", "policy_grace", "engine"):
        assert getattr(full, one) == getattr(least, one)
    for one in ("bundle_poll", "decisions_poll", "usage_flush", "heartbeat"):
        assert getattr(full.hub, one) == getattr(least.hub, one)
    for one in ("host", "port", "interlock"):
        assert getattr(full.egress, one) == getattr(least.egress, one)


def test_every_documented_key_has_a_variable_and_the_other_way_round(tmp_path: Path) -> None:
    text = example()
    for key in VARIABLES.values():
        section, _, name = key.rpartition(".")
        assert re.search(rf"(?m)^{name} = |^\[{re.escape(key)}", text), f"{section}.{name} is not documented"


def test_two_keys_are_enough() -> None:
    settings = load_settings(None, LEAST)
    assert settings.root == Path("/h/root.json")
    assert settings.control.socket == Path("/h/edge.sock")
    assert (settings.hub.url, settings.control.port, settings.egress.port) == ("", None, 8100)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'home = "/h"\ntenant = "a"\nworkspace = "/w"\n[hub]\nheartbeat = 5\n')
    environ = {
        "SAFETY_EDGE_TENANT": "b",
        "SAFETY_EDGE_HUB_HEARTBEAT": "7.5",
        "SAFETY_EDGE_EGRESS_PORT": "0",
        "SAFETY_EDGE_EGRESS_PROVIDERS": '{"me": {"dialect": "openai", "base_url": "http://[::1]", "private": true}}',
        "SAFETY_EDGE_CLIENTS": '{"sdk": "' + "A" * 64 + '"}',
        "OTHER": "x",
    }
    settings = load_settings(file, environ)
    assert (settings.tenant, settings.hub.heartbeat, settings.egress.port) == ("b", 7.5, 0)
    assert settings.egress.providers["me"].dialect == "openai"
    assert settings.egress.providers["me"].private
    assert settings.clients == {"sdk": "a" * 64}


WRONG: list[tuple[dict[str, str], str]] = [
    ({"SAFETY_EDGE_TENANT": "a b"}, "setting tenant"),
    ({"SAFETY_EDGE_HOME": "relative"}, "setting home: must be an absolute path"),
    ({"SAFETY_EDGE_TENNANT": "a"}, "SAFETY_EDGE_TENNANT: is not a known setting"),
    ({"SAFETY_EDGE_APPROVAL_WAIT": "300"}, "setting approval_wait: must lie from 0 and below 300"),
    ({"SAFETY_EDGE_APPROVAL_WAIT": "nan"}, "setting approval_wait"),
    ({"SAFETY_EDGE_APPROVAL_WAIT": "soon"}, "SAFETY_EDGE_APPROVAL_WAIT: must be a number"),
    ({"SAFETY_EDGE_HUB_URL": "hub.example"}, r"setting hub.url: must be http\(s\)"),
    ({"SAFETY_EDGE_HUB_URL": "https://user:pw@hub.example"}, "setting hub.url"),
    ({"SAFETY_EDGE_HUB_URL": "https://:pw@hub.example"}, "setting hub.url"),
    ({"SAFETY_EDGE_HUB_URL": "file:///etc/passwd"}, "setting hub.url"),
    ({"SAFETY_EDGE_HUB_URL": "https://hub.example/?x=1"}, "setting hub.url"),
    ({"SAFETY_EDGE_HUB_HEARTBEAT": "0"}, "setting hub.heartbeat: must lie above 0"),
    ({"SAFETY_EDGE_ENGINE_KIND": "cedar"}, "setting engine.kind"),
    ({"SAFETY_EDGE_TELEMETRY_OTLP": "http://otel.example:4318"}, "setting telemetry.otlp: must begin with https"),
    ({"SAFETY_EDGE_TELEMETRY_OTLP": "http://127.0.0.1.example"}, "setting telemetry.otlp: must begin with https"),
    ({"SAFETY_EDGE_TELEMETRY_OTLP": "http://u:p@localhost"}, "setting telemetry.otlp"),
    ({"SAFETY_EDGE_TELEMETRY_ACCESS_LOG": "yes"}, "SAFETY_EDGE_TELEMETRY_ACCESS_LOG: is not JSON"),
    ({"SAFETY_EDGE_TELEMETRY_ACCESS_LOG": "1"}, "setting telemetry.access_log"),
    ({"SAFETY_EDGE_EGRESS_INTERLOCK": "maybe"}, "setting egress.interlock"),
    ({"SAFETY_EDGE_ENGINE_KIND": "opa"}, "setting engine.url: is missing"),
    ({"SAFETY_EDGE_CONTROL_PORT": "8101"}, "setting control.token_file: is missing"),
    ({"SAFETY_EDGE_CONTROL_PORT": "70000"}, "setting control.port: must lie in"),
    ({"SAFETY_EDGE_CONTROL_SOCKET": "/" + "x" * 120}, "setting control.socket: is longer than 107"),
    ({"SAFETY_EDGE_HUB": "maybe"}, "is not a known setting"),
    (
        {"SAFETY_EDGE_EGRESS_PROVIDERS": '{"openai": {"base_url": "http://x", "key_secret": "K"}}'},
        "must begin with https",
    ),
    ({"SAFETY_EDGE_EGRESS_PROVIDERS": '{"other": {"base_url": "https://x", "key_secret": "K"}}'}, "other.dialect"),
    ({"SAFETY_EDGE_EGRESS_PROVIDERS": '{"openai": {"base_url": "https://x", "key_secret": "9"}}'}, "secret name"),
    ({"SAFETY_EDGE_EGRESS_PROVIDERS": '{"A/b": {}}'}, "must be named in lower-case"),
    ({"SAFETY_EDGE_EGRESS_PROVIDERS": "[]"}, "setting egress.providers: must be an object"),
    ({"SAFETY_EDGE_CLIENTS": '{"sdk": "abc"}'}, "setting clients.sdk: must be the sha256"),
    ({"SAFETY_EDGE_CLIENTS": f'{{"one": "{"a" * 64}", "two": "{"A" * 64}"}}'}, "setting clients: has one token"),
]


@pytest.mark.parametrize(
    "otlp", ["http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318", "https://otel.example/base"]
)
def test_spans_may_go_to_this_machine_or_by_https(otlp: str) -> None:
    assert load_settings(None, {**LEAST, "SAFETY_EDGE_TELEMETRY_OTLP": otlp}).telemetry.otlp == otlp


def test_a_collector_in_this_network_is_listed() -> None:
    told = {"SAFETY_EDGE_TELEMETRY_OTLP": "http://otel.lan:4318", "SAFETY_EDGE_TELEMETRY_PRIVATE_HOSTS": '["otel.lan"]'}
    assert load_settings(None, {**LEAST, **told}).telemetry.otlp == "http://otel.lan:4318"
    assert load_settings(None, LEAST).telemetry == TelemetrySettings(access_log=True, otlp="")


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_wrong_setting_is_named_with_its_fix(change: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_settings(None, {**LEAST, **change})
    assert "setting" in str(caught.value) or "SAFETY_EDGE" in str(caught.value)


@pytest.mark.parametrize("missing", ["SAFETY_EDGE_TENANT", "SAFETY_EDGE_WORKSPACE"])
def test_a_missing_setting_says_where_to_set_it(missing: str) -> None:
    environ = {name: value for name, value in LEAST.items() if name != missing}
    with pytest.raises(InputError, match=f"is missing. Fix: .*{missing}"):
        load_settings(None, environ)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("home = ", "is not TOML"),
        ("[hub]\n[hub]", "is not TOML .* Fix: a .section. stands once"),
        ("hub = 3", "setting hub"),
        ("[hub]\nurll = 'https://x'", "setting hub.urll: is not a known setting. Fix: write hub.url"),
        ("typo = 1", "setting typo: is not a known setting. Fix: see `safety edge --help`"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_settings(write(tmp_path, text), LEAST)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_settings(tmp_path / "none.toml", LEAST)


def test_a_section_that_is_no_table_cannot_be_overridden(tmp_path: Path) -> None:
    environ: dict[str, Any] = {**LEAST, "SAFETY_EDGE_HUB_URL": "https://x"}
    with pytest.raises(InputError, match="setting hub: must be a table"):
        load_settings(write(tmp_path, "hub = 3"), environ)


def provider(listed: str) -> Any:
    (found,) = load_settings(None, {**LEAST, "SAFETY_EDGE_EGRESS_PROVIDERS": listed}).egress.providers.values()
    return found


@pytest.mark.parametrize(
    ("region", "end"), [("eu-central-1", "com"), ("us-gov-west-1", "com"), ("cn-north-1", "com.cn")]
)
def test_bedrock_is_found_by_its_region(region: str, end: str) -> None:
    found = provider(f'{{"bedrock": {{"region": "{region}"}}}}')
    assert found.base_url == f"https://bedrock-runtime.{region}.amazonaws.{end}"


@pytest.mark.parametrize("name", sorted(HOSTS))
def test_a_known_provider_needs_no_base_url(name: str) -> None:
    found = provider(f'{{"{name}": {{"key_secret": "KEY"}}}}')
    assert (found.dialect, found.base_url, found.private) == (name, HOSTS[name], name == "ollama")
    elsewhere = provider(f'{{"mine": {{"dialect": "{name}", "base_url": "https://elsewhere.example"}}}}')
    assert (elsewhere.dialect, elsewhere.base_url, elsewhere.private) == (name, "https://elsewhere.example", False)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ('{"gemni": {}}', 'gemni.dialect: must be one of openai, .* Fix: write dialect = "gemini"'),
        ('{"mine": {"dialect": "open-ai"}}', 'mine.dialect: must be one of .* Fix: write dialect = "openai"'),
        ('{"vllm": {}}', 'vllm.dialect: must be one of .* Fix: write dialect = "compatible", if it speaks'),
        ('{"azure": {"key_secret": "K"}}', "azure.base_url: is missing"),
        ('{"bedrock": {"key_secret": "K"}}', "bedrock.region: is missing"),
        ('{"bedrock": {"region": "evil.example/"}}', "bedrock.region: must be a region of AWS"),
        (
            '{"bedrock": {"region": "us-east-1", "base_url": "https://x"}}',
            "bedrock.region: stands in place of base_url",
        ),
        ('{"openai": {"region": "us-east-1"}}', "openai.region: is for bedrock alone"),
        ('{"openai": {"key_secrets": "K"}}', "openai.key_secrets: is not a known setting. Fix: write key_secret"),
        ('{"openai": {"x": 1}}', "openai.x: is not a known setting. Fix: its settings are base_url"),
        ('{"vllm": {"dialect": "compatible"}}', "vllm.base_url: is missing"),
        ('{"ollama": {"private": false}}', "ollama.base_url: must begin with https"),
    ],
)
def test_an_unknown_provider_is_told_what_it_may_have_meant(listed: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        provider(listed)


def test_the_help_names_every_dialect() -> None:
    named = re.sub(r"\n *#", "", described.__doc__ or "").partition("dialects: ")[2].partition("\n")[0]
    assert {name for name in DIALECTS if re.search(rf"\b{name}\b", named)} == set(DIALECTS)
