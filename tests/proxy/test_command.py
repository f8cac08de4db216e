"""`safety edge`: what is wrong is said before anything listens, and `--check` says what would be in force."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proxy import app
from proxy.settings_source import load_settings
from safety_core.bundle.archive import pack
from safety_core.edge.confine.layers import Layers
from safety_core.edge.home import Home
from tests.simulators.repository import TENANT, Repository

PROVIDERS = {"openai": {"base_url": "https://api.openai.com", "key_secret": "no_such_key"}}


def safety_edge(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAFETY_")}
    return subprocess.run(
        [sys.executable, "-m", "safety_core.cli", "edge", *arguments],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "root.json").write_bytes(Repository().root)
    return {
        "SAFETY_HOME": str(tmp_path / "h"),
        "SAFETY_EDGE_TENANT": TENANT,
        "SAFETY_EDGE_WORKSPACE": str(tmp_path),
        "SAFETY_EDGE_ROOT": str(tmp_path / "root.json"),
        "SAFETY_EDGE_CONTROL_SOCKET": "/tmp/never-made.sock",
    }


def test_help_names_every_setting() -> None:
    told = safety_edge({}, "--help")
    assert told.returncode == 0
    assert "approval_wait" in told.stdout
    assert "SAFETY_EDGE_HUB_URL" in told.stdout


def test_a_wrong_setting_is_one_line_with_its_fix(environ: dict[str, str]) -> None:
    told = safety_edge({**environ, "SAFETY_EDGE_APPROVAL_WAIT": "301"})
    assert told.returncode == 2
    assert told.stderr.startswith("error: setting approval_wait: must lie from 0 and below 300 seconds. Fix: set it in")
    assert told.stderr.count("\n") == 1


def test_a_missing_root_of_trust_stops_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    told = safety_edge({**environ, "SAFETY_EDGE_ROOT": str(tmp_path / "none.json")})
    assert told.returncode == 2
    assert "root of trust" in told.stderr
    assert "Fix: copy root.json" in told.stderr


def test_a_token_that_others_may_read_stops_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t" * 40)
    token.chmod(0o644)
    port = {"SAFETY_EDGE_CONTROL_PORT": "0", "SAFETY_EDGE_CONTROL_TOKEN_FILE": str(token)}
    told = safety_edge({**environ, **port, "SAFETY_EDGE_CONTROL_SOCKET": str(tmp_path / "s")})
    assert told.returncode == 2
    assert f"chmod 600 {token}" in told.stderr
    told = safety_edge({**environ, **port}, "--check")
    assert told.returncode == 1
    assert f"chmod 600 {token}" in told.stderr


async def test_a_check_warns_where_nothing_holds_commands(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(environ["SAFETY_EDGE_ROOT"]).write_bytes(Repository(time.time()).publish().root)  # noqa: ASYNC240
    monkeypatch.setattr(app, "layers", lambda: Layers(memory=True, pids=True))
    for confine, expected in (("enforce", True), ("off", False)):
        settings = load_settings(None, {**environ, "SAFETY_EDGE_EXECUTE_CONFINE": confine})
        _, troubles = await app.check(settings)
        assert any("commands read the edge's files" in str(trouble) for trouble in troubles) is expected


def test_a_check_says_what_would_be_in_force(environ: dict[str, str], tmp_path: Path) -> None:
    told = safety_edge(environ, "--check", "--json")
    assert told.returncode == 1, told.stderr
    assert json.loads(told.stdout)["policy"]["state"] == "none"
    repository = Repository(time.time()).publish()
    Path(environ["SAFETY_EDGE_ROOT"]).write_bytes(repository.root)
    files = {name: raw for name, raw in repository.files.items() if not name.startswith("root/")}
    (Home(tmp_path / "h").bundle_dir / "active").write_bytes(pack(files))
    told = safety_edge(environ, "--check", "--json")
    assert json.loads(told.stdout)["policy"]["state"] == "in force", told.stderr
    gone = {"SAFETY_EDGE_WORKSPACE": str(tmp_path / "gone"), "SAFETY_EDGE_EGRESS_PROVIDERS": json.dumps(PROVIDERS)}
    odd = {"db": {"adapter": "slq", "target": "x", "secrets": {"password": "no_such_password"}}}
    told = safety_edge({**environ, **gone, "SAFETY_EDGE_CONNECTIONS": json.dumps(odd)}, "--check")
    assert told.returncode == 0
    assert "policy" in told.stdout
    assert f"warning: workspace {tmp_path / 'gone'}: is no folder" in told.stderr
    assert "Fix: safety secret set no_such_key" in told.stderr
    assert "Fix: safety secret set no_such_password" in told.stderr
    assert "warning: setting connections.db.adapter: is of a kind that the policy does not know" in told.stderr
    assert "warning: clients: there are none, so every prompt is refused. Fix: draw a token" in told.stderr
    keyless = {"SAFETY_EDGE_EGRESS_PROVIDERS": '{"openai": {}, "ollama": {}}'}
    told = safety_edge({**environ, **keyless}, "--check")
    assert "warning: setting egress.providers.openai.key_secret: is missing, so no key is sent" in told.stderr
    assert "providers.ollama" not in told.stderr
    assert "ollama: http://127.0.0.1:11434, without a key" in told.stdout
    assert not Path("/tmp/never-made.sock").exists()


@pytest.mark.parametrize(("setting", "fix"), [('tenannt = "a"', "tenant"), ('[hub]\nurll = "x"', "hub.url")])
def test_a_misspelt_setting_is_named_with_the_right_one(
    environ: dict[str, str], tmp_path: Path, setting: str, fix: str
) -> None:
    (tmp_path / "edge.toml").write_text(setting)
    told = safety_edge(environ, "--config", str(tmp_path / "edge.toml"), "--check")
    assert told.returncode == 2
    assert f"is not a known setting. Fix: write {fix}\n" in told.stderr
