"""What is written down is found with its key, in every form of file; what is only named is not."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.baseline.credentials import is_secret
from safety_core.baseline.literal import is_reference, is_weak_password
from tests.safety_core.baseline.conftest import RANDOM, TOKEN, Check, rules

WRITTEN = [
    (".github/workflows/ci.yml", f"jobs:\n  a:\n    env:\n      NPM_TOKEN: {TOKEN}\n", "jobs.a.env.NPM_TOKEN"),
    (
        ".github/workflows/ci.yaml",
        f"jobs:\n  a:\n    steps:\n      - with:\n          password: {RANDOM}\n",
        "jobs.a.steps[0].with.password",
    ),
    (".gitlab-ci.yml", f"variables:\n  DEPLOY_TOKEN: '{RANDOM}'\n", "variables.DEPLOY_TOKEN"),
    (
        "docker-compose.prod.yml",
        f"services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD={RANDOM}\n",
        "services.db.environment.POSTGRES_PASSWORD",
    ),
    ("compose.yaml", f"services:\n  web:\n    command: [serve, --admin-token, {RANDOM}]\n", "services.web.command[2]"),
    (
        "k8s/web.yml",
        f"apiVersion: apps/v1\nkind: Deployment\nspec:\n  env:\n    - name: DB_PASSWORD\n      value: {RANDOM}\n",
        "spec.env[0][DB_PASSWORD].value",
    ),
    ("group_vars/all", f"ansible_become_password: {RANDOM}\n", "ansible_become_password"),
    ("prod.tfvars", f'db_password = "{RANDOM}"\n', "db_password"),
    (
        "main.tf",
        f'resource "db" "shop" {{\n  name = "shop"\n  password = "{RANDOM}"\n}}\n',
        "resource.db.shop.password",
    ),
    ("deploy/shop.service", f"[Service]\nEnvironment=SHOP_TOKEN={RANDOM} LANG=C\n", "Service.SHOP_TOKEN"),
    ("cron.d/shop", f"SHOP_PASSWORD={RANDOM}\n0 5 * * * root /bin/shop\n", "SHOP_PASSWORD"),
    (
        "Jenkinsfile",
        f"pipeline {{\n  environment {{\n    DEPLOY_PASSWORD = '{RANDOM}'\n  }}\n}}\n",
        "pipeline.environment.DEPLOY_PASSWORD",
    ),
    ("Dockerfile", f"FROM scratch\nENV SHOP_PASSWORD {RANDOM}\n", "SHOP_PASSWORD"),
    (
        "openclaw.json",
        f"{{\n // ours\n channels: {{ telegram: {{ botToken: '{RANDOM}', }} }} }}\n",
        "channels.telegram.botToken",
    ),
    (
        ".mcp.json",
        json.dumps({"mcpServers": {"shop": {"env": {"SHOP_TOKEN": RANDOM}}}}),
        "mcpServers.shop.env.SHOP_TOKEN",
    ),
    ("fly.toml", f'[env]\n  SHOP_PASSWORD = "{RANDOM}"\n', "env.SHOP_PASSWORD"),
    ("hosts.ini", f"[web]\na ansible_password={RANDOM}\n", "web.ansible_password"),
    ("charts/shop/values.yaml", f"{{{{- if .Values.a }}}}\nauth:\n  rootPassword: {RANDOM}\n", "rootPassword"),
]


@pytest.mark.parametrize(("path", "text", "key"), WRITTEN, ids=[each[0] for each in WRITTEN])
def test_a_credential_is_found_with_its_key_and_place(check: Check, path: str, text: str, key: str) -> None:
    (found,) = check(path, text)
    assert (found.rule.id, found.key) == ("credential-in-job", key)
    value = TOKEN if TOKEN in text else RANDOM
    place = text.index(value)
    assert found.start <= place
    assert found.end >= place + len(value)


NAMED = [
    "${{ secrets.NPM_TOKEN }}",
    "$NPM_TOKEN",
    "${NPM_TOKEN:-}",
    "$(cat /run/secrets/npm)",
    "SECRET_REF(npm-token)",
    "{{ lookup('hashi_vault', 'secret/npm') }}",
    "op://shop/npm/token",
    "vault:secret/data/npm#token",
    "/run/secrets/npm_token",
    "%NPM_TOKEN%",
    "arn:aws:secretsmanager:eu-central-1:1:secret:npm",
    "''",
    "~",
    "ENC[AES256_GCM,data:abc]",
    "projects/shop/secrets/npm",
    "var.npm_token",
]


@pytest.mark.parametrize("value", NAMED)
@pytest.mark.parametrize("name", ["NPM_TOKEN", "DB_PASSWORD"])
def test_what_is_only_named_is_not_found(check: Check, name: str, value: str) -> None:
    assert check(".github/workflows/ci.yml", f'env:\n  {name}: "{value}"\n') == []
    assert check("compose.yml", f"services:\n  a:\n    environment:\n      - {name}={value}\n") == []
    assert check(".env", f"{name}={value}\n") == []


def test_what_has_a_tag_of_its_own_is_no_literal(check: Check) -> None:
    vault = f"db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {'6' * 40}\n"
    text = f"{vault}list: !reference [.a, password]\nx: !Map\n  y: 1\n"
    assert check("group_vars/all.yml", text) == []
    assert check(".travis.yml", f"env:\n  - secure: {RANDOM}{RANDOM}\n") == []


@pytest.mark.parametrize(
    "value", ["postgres", "root", "password", "test123", "changeme", "true", "**********", "aaaaaaaa"]
)
def test_what_everybody_writes_where_nothing_is_guarded_is_not_found(check: Check, value: str) -> None:
    assert check("compose.yml", f"services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: {value}\n") == []


def test_a_plain_word_in_use_is_a_weak_password(check: Check) -> None:
    (found,) = check("compose.yml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: sunshine\n")
    assert (found.rule.id, found.key) == ("weak-password-in-job", "services.db.environment.POSTGRES_PASSWORD")
    assert not is_weak_password("POSTGRES_PASSWORD", "----")
    assert not is_weak_password("POSTGRES_PASSWORD", "one two three")
    assert not is_weak_password("POSTGRES_PASSWORD", "${OTHER}")
    assert not is_weak_password("SUNSHINE_PASSWORD", "sunshine")
    assert not is_weak_password("PORT", "sunshine")


def test_the_values_of_a_kubernetes_secret(check: Check) -> None:
    coded = base64.b64encode(b"sunshine").decode()
    text = f"kind: Secret\nmetadata:\n  name: shop\ndata:\n  word: {coded}\napiVersion: v1\n"
    (found,) = check("deploy/secret.yaml", text)
    assert (found.rule.id, found.key) == ("secret-manifest", "data.word")
    assert text[found.start : found.end] == coded
    assert check("deploy/secret.yaml", text + "sops:\n  version: 3\n") == []
    assert check("deploy/secret.yaml", text.replace(coded, "${WORD}")) == []
    assert check("deploy/other.yaml", f"kind: Secret\ndata:\n  word: {coded}\n") == [], "it is no manifest"


def test_the_same_word_again_by_an_alias_is_told_once(check: Check) -> None:
    text = f"a: &env\n  DB_PASSWORD: {RANDOM}\nb: *env\n"
    assert [found.key for found in check(".gitlab-ci.yml", text)] == ["a.DB_PASSWORD"]


def test_two_rules_tell_a_credential_once(check: Check) -> None:
    rule = "  - {id: r%d, kind: credential, title: t, reason: r, finds: [literal]}\n"
    text = f"a:\n  DB_PASSWORD: {RANDOM}\n  MAIL_PASSWORD: {RANDOM}\n"
    assert [found.rule.id for found in check("compose.yml", text, rules(rule % 1 + rule % 2))] == ["r1", "r1"]


def test_names_of_ones_own(check: Check) -> None:
    own = rules("  - {id: pins, kind: credential, title: t, reason: r, finds: [literal], keys: [Door]}\n")
    text = f"door: {RANDOM}\nwindow: {RANDOM}\n"
    assert [found.key for found in check("group_vars/all", text, own)] == ["door"]


def test_other_text_is_read_line_by_line_where_a_rule_names_it(check: Check) -> None:
    own = rules("  - {id: conf, kind: credential, title: t, reason: r, finds: [pattern, literal], in: ['*.conf']}\n")
    assert [found.key for found in check("a/shop.conf", f"[db]\npassword = {RANDOM}\n", own)] == ["db.password"]
    (comment,) = check("shop.conf", f"# {TOKEN}\n", own)
    assert (comment.key, comment.what) == ("", "GitHub token")
    assert check("compose.yml", f"password: {RANDOM}\n", own) == []


def test_manifests_alone_find_nothing_else(check: Check) -> None:
    own = rules("  - {id: only, kind: credential, title: t, reason: r, finds: [manifest]}\n")
    assert check("compose.yml", f"a:\n  DB_PASSWORD: {RANDOM}\n  OTHER_PASSWORD: sunshine\n", own) == []


def test_a_sentence_is_no_secret() -> None:
    assert not is_secret("password", f"the word is {RANDOM}")
    assert is_secret("password", RANDOM)


@given(st.text(max_size=40))
def test_references_are_told_for_any_text(value: str) -> None:
    assert is_reference(f"${{{value}}}")
    assert is_reference(value) in {True, False}
