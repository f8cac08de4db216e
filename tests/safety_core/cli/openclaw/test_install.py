"""Installing shows and asks, keeps what was there, and is taken back to the byte."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from proxy.settings_source import load_settings
from safety_core.canonical import Json
from safety_core.cli.main import run
from safety_core.cli.openclaw.place import Place
from safety_core.cli.openclaw.plugin import PARTS, plugin_files, plugin_hash, shipped_plugin
from safety_core.cli.openclaw.tree import found
from safety_core.edge.home import Home
from tests.safety_core.cli.openclaw.conftest import Machine
from tests.safety_core.cli.openclaw.machine import config, edge, edge_status, mode, program

KEY = "plainly-invented-" + "0f3a9c7e51b2"


def with_key(**more: Any) -> dict[str, Json]:
    tree = config(**more)
    providers = found(tree, "models", "providers", "openai")
    assert isinstance(providers, dict)
    providers["apiKey"] = KEY
    return tree


def place(machine: Machine) -> Place:
    return Place.of(Home(machine.home), machine.file.resolve())


def test_it_is_installed_once_and_then_there_is_nothing_to_do(machine: Machine) -> None:
    machine.write(config())
    status, shown, told = machine.run("install", "--yes")
    assert status == 0, told
    assert '+    "mode": "replace"' in shown
    assert "not validated" in told
    after = machine.file.read_bytes()
    assert found(json.loads(after), "plugins", "load", "paths") == [str(place(machine).plugin)]
    status, shown, _ = machine.run("install", "--yes")
    assert (status, machine.file.read_bytes()) == (0, after)
    assert "nothing to do" in shown


def test_taken_back_the_old_bytes_are_there_comments_and_all(machine: Machine) -> None:
    old = b"// mine\n{ models: { providers: {} }, /* x */ }\n"
    machine.file.write_bytes(old)
    machine.file.chmod(0o640)
    assert machine.run("install", "--yes")[0] == 0
    assert machine.file.read_bytes() != old
    status, shown, told = machine.run("uninstall", "--yes")
    assert status == 0, told
    assert '-    "mode": "replace"' in shown
    assert (machine.file.read_bytes(), mode(machine.file)) == (old, 0o640)
    here = place(machine)
    assert [path.name[:7] for path in here.path.iterdir()] == ["backup-"] * 2


@pytest.mark.parametrize("again", [False, True])
def test_the_plugin_switched_off_by_hand_goes_all_the_same_and_comments_come_back(
    machine: Machine, *, again: bool
) -> None:
    old = b"// mine\n" + json.dumps(config()).encode()
    machine.file.write_bytes(old)
    machine.run("install", "--yes")
    tree = machine.tree
    own = found(tree, "plugins", "entries", "safety-gateway")
    assert isinstance(own, dict)
    own["enabled"] = False
    machine.write(tree)
    if again:
        machine.run("install", "--yes")
        assert found(machine.tree, "plugins", "entries", "safety-gateway", "enabled") is True
    status, _, told = machine.run("uninstall", "--yes")
    assert (status, machine.file.read_bytes()) == (0, old), told
    assert "changed by somebody else" not in told


def test_what_others_changed_in_between_stays(machine: Machine) -> None:
    machine.write(config())
    machine.run("install", "--yes")
    tree = machine.tree
    tree["channels"] = {"telegram": {"enabled": True}}
    machine.write({**tree, "models": {**tree["models"], "mode": "merge"}})  # type: ignore[dict-item]
    status, _, told = machine.run("uninstall", "--yes")
    assert status == 0
    assert "models.mode was changed by somebody else" in told
    models = {**config()["models"], "mode": "merge"}  # type: ignore[dict-item]
    assert machine.tree == config(models=models, channels={"telegram": {"enabled": True}})


def test_a_second_install_after_a_change_is_taken_back_to_what_was_there_before_both(machine: Machine) -> None:
    machine.write(config())
    machine.run("install", "--yes")
    machine.write({**machine.tree, "channels": {}})
    machine.run("install", "--yes", "--egress", "http://127.0.0.1:8200")
    assert found(machine.tree, "models", "providers", "openai", "baseUrl") == "http://127.0.0.1:8200/openai/v1"
    machine.run("uninstall", "--yes")
    assert machine.tree == config(channels={})


def test_without_a_terminal_nothing_is_done_unless_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    old = machine.write(with_key())
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    status, _, told = machine.run("install")
    assert status == 2
    assert "add --yes" in told
    assert machine.file.read_bytes() == old
    assert not [path for path in machine.home.rglob("*") if path.is_file()]


def test_a_key_is_shown_nowhere_and_is_in_the_vault(machine: Machine) -> None:
    machine.write(with_key())
    status, shown, told = machine.run("install", "--yes")
    assert status == 0, told
    assert KEY not in shown + told
    assert "OPENAI_API_KEY" in shown
    assert KEY not in machine.file.read_text()
    assert run(["secret", "list"]) == 0
    assert "OPENAI_API_KEY" in machine.capsys.readouterr().out
    files = [path for path in machine.home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert {path.name[:7] for path in files} == {"backup-", "record."}


def test_a_copy_of_openclaws_own_with_a_key_is_told_about(machine: Machine) -> None:
    (machine.state / "openclaw.json.bak").write_text(json.dumps(with_key()))
    (machine.state / "openclaw.json.last-good").write_text("{ not read")
    machine.write(config())
    _, _, told = machine.run("install", "--yes")
    assert "openclaw.json.bak beside the file still holds a provider's key" in told
    wrong = json.loads(machine.run("status", "--json")[1])["checks"]
    (found_,) = [check for check in wrong if check["name"] == "keys in copies"]
    assert found_["proof"] == "a provider's key stands in openclaw.json.bak"


def test_everything_kept_is_for_the_owner_alone(machine: Machine) -> None:
    machine.write(with_key())
    machine.run("install", "--yes")
    here = place(machine)
    assert mode(here.path) == 0o700
    kept = [path for path in here.path.iterdir() if path.is_file()]
    assert {mode(path) for path in kept} == {0o600}
    assert {path.suffix for path in kept} == {".json", ".token"}


def test_a_key_that_the_vault_has_is_not_replaced_and_another_one_is_told(machine: Machine) -> None:
    machine.write(with_key())
    machine.run("install", "--yes")
    machine.run("uninstall", "--yes")
    status, _, told = machine.run("install", "--yes")
    assert status == 0
    assert "the vault has another" not in told
    machine.run("uninstall", "--yes")
    machine.file.write_text(machine.file.read_text().replace(KEY, KEY[::-1]))
    status, _, told = machine.run("install", "--yes")
    assert status == 0
    assert "the vault has another OPENAI_API_KEY" in told
    assert "safety secret set OPENAI_API_KEY" in told
    assert KEY[::-1] not in told


def test_an_edge_that_is_down_moves_no_provider_to_another_port(machine: Machine) -> None:
    machine.write(config())
    with edge(machine.socket, {"/v1/status": edge_status(listeners={"egress": 8123}), "/v1/agents": {"agents": []}}):
        machine.run("install", "--yes")
    after = machine.file.read_bytes()
    assert b"http://127.0.0.1:8123/openai/v1" in after
    status, shown, _ = machine.run("install", "--yes")
    assert (status, machine.file.read_bytes()) == (0, after)
    assert "nothing to do" in shown
    assert "every provider leads to http://127.0.0.1:8123" in machine.run("status", "--json")[1]


def test_what_to_restart_is_told_whenever_something_was_changed(machine: Machine) -> None:
    machine.write(config())
    assert "then restart the edge" in machine.run("install", "--yes")[1]
    assert "then restart the edge" not in machine.run("install", "--yes")[1]
    (place(machine).plugin / "index.js").unlink()
    assert "then restart the edge" in machine.run("install", "--yes")[1]


def test_a_value_that_is_no_secret_stops_it_before_anything_is_changed(machine: Machine) -> None:
    tree = with_key()
    providers = found(tree, "models", "providers", "openai")
    assert isinstance(providers, dict)
    providers["apiKey"] = "password"
    old = machine.write(tree)
    status, _, told = machine.run("install", "--yes")
    assert status == 1
    assert "secret OPENAI_API_KEY" in told
    assert machine.file.read_bytes() == old


def test_the_edge_takes_the_settings_that_are_printed(machine: Machine, tmp_path: Path) -> None:
    machine.write(with_key(agents={"ownership": "explicit", "entries": {"main": {}, "shop": {"model": "anthropic/m"}}}))
    _, shown, _ = machine.run("install", "--yes")
    told = shown[shown.index("[egress]") :]
    settings = tmp_path / "edge.toml"
    settings.write_text(f'home = "{machine.home}"\ntenant = "acme"\nworkspace = "/srv"\n{told}')
    read = load_settings(settings, {})
    assert read.egress.require_plugin == ("main", "shop")
    assert read.egress.providers["openai"].base_url == "https://api.openai.com"
    assert read.egress.providers["anthropic"].dialect == "anthropic"
    for agent in ("main", "shop"):
        token = place(machine).token_file(agent).read_bytes().strip()
        assert read.clients[agent] == hashlib.sha256(token).hexdigest()
    again = machine.run("install", "--yes")[1]
    assert tomllib.loads(again[again.index("[egress]") :]) == tomllib.loads(told)


def test_the_running_edge_says_its_port_and_the_manifests(machine: Machine) -> None:
    machine.write(config(agents={"ownership": "explicit", "entries": {"main": {}, "shop": {}}}))
    manifest = {"agent": "main", "tier": "trusted", "tools": ["read"], "sandbox": "required", "subagents": {"depth": 2}}
    answers = {"/v1/status": edge_status(listeners={"egress": 8123}), "/v1/agents": {"agents": [manifest]}}
    with edge(machine.socket, answers):
        status, _, told = machine.run("install", "--yes")
    assert status == 0, told
    assert "policy names no agent shop" in told
    assert found(machine.tree, "agents", "entries", "main", "tools", "allow") == ["read"]
    assert found(machine.tree, "agents", "entries", "main", "sandbox", "mode") == "all"
    assert found(machine.tree, "agents", "defaults", "subagents", "maxSpawnDepth") == 2
    assert found(machine.tree, "models", "providers", "openai-shop", "baseUrl") == "http://127.0.0.1:8123/openai/v1"


@pytest.mark.parametrize("agents", [None, {"agents": [{"agent": "main", "tools": "read"}]}])
def test_an_edge_that_does_not_say_changes_no_tools(machine: Machine, agents: Any) -> None:
    answers = {"/v1/status": edge_status(), **({"/v1/agents": agents} if agents else {})}
    with edge(machine.socket, answers):
        status, _, told = machine.run("install", "--yes")
    assert status == 0
    assert "does not say what policy asks" in told
    assert found(machine.tree, "agents", "entries") is None


def test_what_openclaw_refuses_is_put_back(machine: Machine, tmp_path: Path) -> None:
    old = machine.write(with_key())
    issue: dict[str, Json] = {"path": "gateway.auth", "message": "odd: operator-of-this-test"}
    refusing = program(tmp_path, issues=[issue])
    status, _, told = machine.run("install", "--yes", "--openclaw", str(refusing))
    assert status == 2
    assert "gateway.auth: odd: hidden-" in told
    assert "operator-of-this-test" not in told
    assert machine.file.read_bytes() == old
    assert machine.run("uninstall", "--yes")[0] == 2
    refusing.write_text("#!/nowhere/sh\n")
    status, _, told = machine.run("install", "--yes", "--openclaw", str(refusing))
    assert "could not be run" in told
    assert machine.file.read_bytes() == old


def test_what_openclaw_takes_stays(machine: Machine, tmp_path: Path) -> None:
    machine.write(config())
    status, shown, told = machine.run("install", "--yes", "--openclaw", str(program(tmp_path)))
    assert status == 0
    assert "not validated" not in told
    assert "changed; the file as it was: " in shown


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_the_openclaw_of_somebody_else_is_left_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    status, _, told = machine.run(command, "--yes")
    assert status == 2
    assert "belongs to another user" in told


@pytest.mark.parametrize("address", ["8100", "http://127.0.0.1:8100/openai", "file:///x", "http://u:p@127.0.0.1:1"])
def test_an_egress_that_is_no_address_is_refused(machine: Machine, address: str) -> None:
    status, _, told = machine.run("install", "--yes", "--egress", address)
    assert status == 2
    assert "--egress: must be an address" in told


def test_a_person_at_a_terminal_is_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    old = machine.write(config())
    asked = []

    def decline(question: str, **_: object) -> None:
        asked.append(question)
        raise click.Abort

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.confirm", decline)
    assert machine.run("install")[0] == 130
    assert asked == ["Change it so?"]
    assert machine.file.read_bytes() == old


def test_a_plugin_of_another_version_is_replaced(machine: Machine) -> None:
    machine.write(config())
    machine.run("install", "--yes")
    plugin = place(machine).plugin
    assert {path.parts[0] for path in plugin_files(plugin)} <= set(PARTS)
    assert not [path for path in plugin.rglob("*") if path.is_file() and mode(path) & 0o022]
    (plugin / "index.js").write_text("// older\n")
    (plugin / "lib" / "gone.js").write_text("// older\n")
    assert "the plugin is copied" in machine.run("install", "--yes")[1]
    assert plugin_hash(plugin) == plugin_hash(shipped_plugin())


def test_a_link_takes_the_place_of_a_copy_and_back(machine: Machine) -> None:
    machine.write(config())
    machine.run("install", "--yes")
    machine.run("install", "--yes", "--link")
    assert found(machine.tree, "plugins", "load", "paths") == [str(shipped_plugin())]
    machine.run("install", "--yes")
    assert found(machine.tree, "plugins", "load", "paths") == [str(place(machine).plugin)]


def test_what_was_never_installed_cannot_be_taken_back(machine: Machine) -> None:
    status, _, told = machine.run("uninstall", "--yes")
    assert status == 2
    assert "was not changed by `safety openclaw install`" in told


@pytest.mark.parametrize("note", ["{", '{"backup": "../../etc/passwd", "after": "", "changes": [], "upstreams": {}}'])
def test_a_note_that_was_meddled_with_is_refused(machine: Machine, note: str) -> None:
    machine.write(config())
    machine.run("install", "--yes")
    (place(machine).path / "record.json").write_text(note)
    status, _, told = machine.run("uninstall", "--yes")
    assert status == 2
    assert "record.json: cannot be used" in told


def test_a_program_that_is_not_there_is_named(machine: Machine) -> None:
    status, _, told = machine.run("status", "--openclaw", "/nowhere/openclaw")
    assert status == 2
    assert "/nowhere/openclaw: is no program" in told


def test_status_shows_every_layer_and_ends_with_one_where_one_is_not_in_force(machine: Machine, tmp_path: Path) -> None:
    machine.write(config())
    machine.run("install", "--yes")
    answers = {"/v1/status": edge_status("main"), "/v1/agents": {"agents": []}}
    with edge(machine.socket, answers):
        status, shown, _ = machine.run("status", "--json", "--openclaw", str(program(tmp_path, version="2026.8.1")))
    told = json.loads(shown)
    assert (status, told["in_force"]) == (1, False)
    wrong = {check["name"]: check for check in told["checks"] if check["state"] == "not in force"}
    assert wrong["release"]["layer"] == "0 OpenClaw"
    assert "gave no JSON" in wrong["plugin, loaded"]["proof"]
    status, shown, _ = machine.run("status")
    assert status == 1
    for words in ("0 OpenClaw", "1 sandbox", "2 tool policy", "3 command gating", "4 secrets", "fix: start it"):
        assert words in shown
