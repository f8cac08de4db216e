"""Every code block of every page has one class, and what its class promises holds."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import inspect
import json
import re
import shutil
import subprocess
import tomllib
from base64 import b64encode
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

from hub.openapi.table import OPERATIONS
from hub.settings import Settings as HubSettings
from hub.settings import load_settings as load_hub
from proxy.control import routes
from proxy.settings_source import VARIABLES
from proxy.settings_source import load_settings as load_edge
from safety_core.bundle.profile import check_module
from safety_core.cli.main import run
from safety_core.edge.shipped import shipped_folder
from tests.docs.pages import ALL, ROOT, TAGS, Block, of
from tests.docs.typed import complaint, invocations

PROGRAMS = ("safety ", "make ", "git ", "opa ", "curl ", "pip ", "export ", ".venv/bin/python -m ")
"""What a line of an indented block begins with."""

SENTENCES = next(block.text for block in ALL if block.page.name == "index.md")
"""The product in two lines: the README begins with it, too."""


@pytest.mark.parametrize("block", ALL, ids=str)
def test_it_has_one_class(block: Block) -> None:
    if block.words:
        assert block.tag in TAGS
    elif block.tag == "remarks":
        lines = [line for line in block.text.splitlines() if not line.startswith((*PROGRAMS, " "))]
        assert not lines or block.text == SENTENCES, f"no commands, so tag it: {lines[0]}"
    elif block.tag == "text":
        assert block.after in {"sh", "python", "console"}, "no output of the block before: put <!-- words --> above"
    else:
        assert block.tag in TAGS, f"no class: {block.tag!r}"


def test_decisions_are_prose() -> None:
    assert not [path for path in ROOT.glob("docs/adr/*.md") if "```" in path.read_text()]


@pytest.mark.parametrize("block", of("sh", "console", "remarks"), ids=str)
def test_its_commands_take_these_words(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SAFETY_HOME", "SAFETY_HUB", "SAFETY_APPROVER_TOKEN"):
        monkeypatch.setenv(name, str(tmp_path))
    for words in invocations(block.text, remarks=block.tag == "remarks"):
        assert not complaint(words), f"safety {' '.join(words)}: {complaint(words)}"


@pytest.mark.parametrize("block", of("sh", "console"), ids=str)
def test_a_shell_can_read_it(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert not done.stderr


@pytest.mark.parametrize("block", of("console", "remarks"), ids=str)
def test_targets_of_make_and_modules_exist(block: Block) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {*re.findall(r"^make ([a-z-]+)", block.text, re.MULTILINE)} <= {*targets}
    for module in re.findall(r"python -m ([\w.]+)", block.text):
        assert importlib.util.find_spec(module), module


THEIRS = {"model_provider", "model_providers", "mcp_servers", "hooks", "features"}
"""Tables of Codex's own settings."""


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_the_settings_can_be_loaded(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(re.sub(r"\$(?:PWD|HOME)\b", "/srv", block.text))
    if set(re.findall(r"^([a-z_]+) *=", block.text, re.MULTILINE)) & {"data", "database", "smtp", "max_pending"}:
        assert load_hub(file, {})
        return
    if THEIRS & {*tomllib.loads(block.text)}:
        assert not [words for words in invocations(block.text.replace('"', "\n")) if complaint(words)]
        return
    needed = {"TENANT": "acme", "WORKSPACE": "/srv/agent", "HUB_URL": "https://hub.example"}
    given = {f"SAFETY_EDGE_{name}": text for name, text in needed.items() if f"\n{name.lower()} =" not in block.text}
    assert load_edge(file, {**given, "SAFETY_HOME": str(tmp_path)})


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_the_json_parses(block: Block) -> None:
    try:
        json.loads(block.text)
    except ValueError:
        assert [json.loads(line) for line in block.text.splitlines()]


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_the_yaml_parses_and_its_commands_are_ours(block: Block) -> None:
    told = yaml.safe_load(block.text)
    assert told
    for typed in re.findall(r"(?:run|script|entry|command): (safety .*)", block.text):
        for words in invocations(typed):
            assert not complaint(words), typed


@pytest.mark.parametrize("block", of("ini"), ids=str)
def test_the_unit_can_be_read(block: Block, tmp_path: Path) -> None:
    reader = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    reader.read_string(block.text)
    for section in reader.sections():
        assert section in {"Unit", "Service", "Install", "Timer", "Socket", "Path"}
        for name, value in reader[section].items():
            assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name
            if name.startswith("Exec"):
                for words in invocations(value.lstrip("-+!")):
                    assert not complaint(words), value


@pytest.mark.parametrize("block", of("nginx"), ids=str)
def test_the_proxys_settings_are_closed(block: Block) -> None:
    assert block.text.count("{") == block.text.count("}")
    lines = [line.partition("#")[0].strip() for line in block.text.splitlines()]
    assert not [line for line in lines if line and line[-1] not in "{};"]


@pytest.mark.parametrize("block", of("env"), ids=str)
def test_each_variable_is_a_setting(block: Block) -> None:
    hub = {f"SAFETY_HUB_{entry.name.upper()}" for entry in fields(HubSettings)}
    names = re.findall(r"^(SAFETY_[A-Z_]+)=", block.text, re.MULTILINE)
    assert len(names) == len([line for line in block.text.splitlines() if line and line[0] != "#"])
    assert {*names} <= hub | {*VARIABLES} | {"SAFETY_HOME", "SAFETY_HUB", "SAFETY_HUB_CONFIG", "SAFETY_EDGE_CONFIG"}


@pytest.mark.parametrize("block", of("http"), ids=str)
def test_the_request_is_one_of_ours(block: Block) -> None:
    edge = {f"{method} {path}" for method, path, _ in routes.ROUTES}
    hub = {f"{method} {path.translate(ANGLES)}" for method, path in OPERATIONS}
    source = "".join(path.read_text() for path in ROOT.glob("hub/**/*.py"))
    for line in block.text.splitlines():
        if request := re.match(r"(?:GET|POST|PUT|DELETE) [^\s?]+", line):
            assert request[0] in edge | hub
        elif header := re.match(r"([A-Z][\w-]+): ", line):
            assert header[1] in source


ANGLES = str.maketrans("{}", "<>")


def test_rules_keep_to_the_profile_and_their_tests_hold(tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    left_out = shutil.ignore_patterns("patterns", "rules", "floors", "golden.jsonl")
    shutil.copytree(shipped_folder(), policies, ignore=left_out)
    for block in of("rego"):
        (package,) = re.findall(r"^package safety\.rules\.(\w+)$", block.text, re.MULTILINE)
        rule = package.removesuffix("_test")
        if rule == package:
            check_module(str(block), block.text)
        file = policies / "rules" / rule / f"{package}.rego"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text)
    assert run(["policy", "test", "--policies", str(policies)]) == 0


POLICY = {
    "agents": "agents.yaml",
    "approvers": "approvers.yaml",
    "loosens": "tenants/shop/overlay.yaml",
    "patterns": "patterns/shown.yaml",
    "plans": "plans.yaml",
    "programs": "catalogue/shown.yaml",
    "providers": "prices.yaml",
    "steps": "blueprints/late-orders.yaml",
}
"""Where a piece of policy that has this at its top belongs."""

ELSEWHERE = {"agent-egress-bench.md", "baseline.md", "scan.md"}
"""Pages whose YAML is somebody else's: their own tests read it."""


def _place(block: Block) -> str:
    """Return which file of a policy a block shows, or "" where it shows none."""
    told = yaml.safe_load(block.text)
    return next((place for sign, place in POLICY.items() if sign in told), "")


def test_what_is_shown_of_a_policy_is_one_that_its_loader_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(shipped_folder(), policies, ignore=shutil.ignore_patterns("patterns", "golden.jsonl"))
    (policies / "golden.jsonl").touch()
    shown = {place: block for block in of("yaml") if (place := _place(block))}
    assert {*shown} == {*POLICY.values()}
    for place, block in shown.items():
        file = policies / place
        file.parent.mkdir(parents=True, exist_ok=True)
        text = block.text.replace("<64 hexadecimal digits>", HUB_KEY).replace("<base64>", passkey())
        if place == "prices.yaml":  # one more table beside the others, of which it speaks
            text = file.read_text() + text.removeprefix("providers:\n")
        file.write_text(text)
    words = ["policy", "check", "--policies", str(policies), "--tenant", "shop"]
    assert run(words) == 0, capsys.readouterr().err
    left = {block.page.name for block in of("yaml") if not _place(block)}
    assert left <= ELSEWHERE | {"egress.md"}


HUB_KEY = SigningKey.generate().verify_key.encode().hex()


def passkey() -> str:
    """Return what a passkey's entry has: the public half of a key on P-256."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize("block", [block for block in of("python") if block.page.name != "library.md"], ids=str)
def test_the_python_calls_what_exists(block: Block) -> None:
    """Those of docs/library.md are run (tests/test_docs.py); what speaks to a model is held against its SDK."""
    calls = (node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call))
    for call in calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id="openai" | "anthropic" | "boto3" | "ollama" as module), attr=name):
                kinds = inspect.signature(getattr(importlib.import_module(module), name)).parameters
                open_ended = any(entry.kind is entry.VAR_KEYWORD for entry in kinds.values())
                assert open_ended or {keyword.arg for keyword in call.keywords} <= {*kinds}
