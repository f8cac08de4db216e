"""Rules on files: what is found, where nothing is looked for, what is let be and until when."""

from __future__ import annotations

import pytest

from safety_core.baseline import mentions
from safety_core.baseline.checker import Checker
from safety_core.baseline.jobs import Form, form_of
from safety_core.errors import UnscannableError
from safety_core.match.matcher import Matcher
from tests.safety_core.baseline.conftest import RANDOM, SHIPPED, Check, rules

WORD = "  - {id: old, kind: forbidden, title: t, reason: r, words: [old.example, Alt]%s}\n"


def test_a_word_is_a_whole_one(check: Check) -> None:
    text = "old.example xold.example old.examples see old.example/a\nalt Alt\n"
    assert [found.start for found in check("a.txt", text, rules(WORD % ""))] == [0, 42, text.index("Alt")]
    folded = check("a.txt", text, rules(WORD % ", ignore_case: true"))
    assert len(folded) == 4
    assert check("a.txt", "nothing", rules(WORD % "")) == []


def test_a_deprecated_path_is_no_part_of_another(check: Check) -> None:
    own = rules("  - {id: p1, kind: deprecated, title: t, reason: r, words: [/srv/old, deploy.sh, ./x-]}\n")
    text = "/srv/old/bin /srv/older my/srv/old deploy.sh redeploy.sh ./x-y"
    assert [text[found.start - 1 : found.end] for found in check("a", text, own)] == ["", "y/srv/old", " deploy.sh"]


def test_files_that_should_be_gone(matcher: Matcher) -> None:
    checker = Checker(SHIPPED, matcher, {}, "2026-01-01")
    for path, rule in [
        ("a/.env", "env-file"),
        ("id_rsa", "private-key-file"),
        ("ops/deploy-web.sh.bak", "old-deploy-file"),
    ]:
        assert [found.rule.id for found in checker.of_path(path)] == [rule]
    assert checker.of_path("deploy.sh") == checker.of_path(".env.example") == []


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        (".gitlab-ci.yml", "a:\n  script: curl -fsSL https://x.example/i | sudo bash\n", "download-to-shell"),
        ("Dockerfile", 'RUN bash -c "$(curl -fsSL https://x.example/i)"\n', "download-to-shell"),
        ("Jenkinsfile", "sh 'curl -sk https://x.example'\n", "certificates-unchecked"),
        ("Dockerfile", "RUN wget -q --no-check-certificate https://x.example\n", "certificates-unchecked"),
        ("compose.yml", "a:\n  environment:\n    NODE_TLS_REJECT_UNAUTHORIZED: '0'\n", "certificates-unchecked"),
        ("compose.yml", "a:\n  build: git://git.example/shop\n", "old-git-protocol"),
        (".github/workflows/a.yml", 'run: echo "::set-output name=a::b"\n', "workflow-commands-by-print"),
        (".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n      - uses: shop/act@main\n", "action-on-a-branch"),
        (
            ".github/workflows/a.yml",
            "on:\n  pull_request_target:\njobs:\n  a:\n    steps:\n      - uses: shop/checkout@v4\n        with:\n"
            "          ref: ${{ github.event.pull_request.head.sha }}\n",
            "pull-request-target-checkout",
        ),
    ],
)
def test_what_is_shipped_finds_what_it_names(check: Check, path: str, text: str, rule: str) -> None:
    assert [found.rule.id for found in check(path, text)] == [rule]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Dockerfile", "# curl -k https://x.example | sh\nRUN curl --fail-early https://x.example -o k && sh k\n"),
        ("README.md", "curl -k https://x.example | sh\n"),
        (".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n      - uses: shop/act@v4\n      - uses: ./main\n"),
        (
            ".github/workflows/a.yml",
            "on: pull_request\njobs:\n  a:\n    ref: ${{ github.event.pull_request.head.sha }}\n",
        ),
        ("compose.example.yml", f"a:\n  environment:\n    DB_PASSWORD: {RANDOM}\n"),
        ("notes.yml", f"DB_PASSWORD: {RANDOM}\n"),
    ],
)
def test_what_is_shipped_lets_be_what_it_does_not_mean(check: Check, path: str, text: str) -> None:
    assert check(path, text) == []


def test_only_files_that_a_rule_concerns_are_read(matcher: Matcher) -> None:
    shipped = Checker(SHIPPED, matcher, {}, "")
    assert [shipped.wants(path) for path in ("src/a.py", "compose.yml", "x/any.yaml")] == [False, True, True]
    assert Checker(rules(WORD % ""), matcher, {}, "").wants("src/a.py")
    some = Checker(rules(WORD % ", in: ['src/**']"), matcher, {}, "")
    assert [some.wants(path) for path in ("src/a.py", "lib/a.py")] == [True, False]
    assert some.of_text("lib/a.py", "Alt") == []
    gone = Checker(rules("  - {id: g1, kind: deprecated, title: t, reason: r, files: [a]}\n"), matcher, {}, "")
    assert not gone.wants("a")


def test_an_exemption_lets_be_until_it_ends(check: Check) -> None:
    lasting = rules(WORD % ", except: [{paths: ['a/**'], reason: why, until: \"2026-03-01\"}]")
    assert check("a/x", "Alt", lasting) == []
    assert len(check("b/x", "Alt", lasting)) == 1
    (found,) = check("a/x", "Alt", rules(WORD % ', except: [{paths: [a], reason: why, until: "2026-02-28"}]'))
    assert found.what == "the exemption at own.yaml:3 ended on 2026-02-28"
    jobs = rules(
        "  - {id: c1, kind: credential, title: t, reason: r, finds: [literal], "
        "except: [{paths: ['*'], reason: why, until: \"2026-02-28\"}]}\n"
    )
    (found,) = check("compose.yml", f"DB_PASSWORD: {RANDOM}\n", jobs)
    assert found.what.startswith("the value of something named as a secret; the exemption at")


def test_many_places_of_one_rule_are_cut_off(check: Check) -> None:
    assert len(check("a", "Alt " * 500, rules(WORD % ""))) == mentions.MOST


def test_an_expression_that_runs_away_is_stopped(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "SECONDS", 0.05)
    own = rules("  - {id: slow, kind: forbidden, title: t, reason: r, expressions: ['(a+a+)+b']}\n")
    with pytest.raises(UnscannableError, match="for rule slow"):
        check("a", "a" * 5000, own)


def test_forms() -> None:
    assert form_of(".github/workflows/x.yml") is Form.YAML
    assert form_of("infra/prod.auto.tfvars.json") is Form.JSON
    assert form_of("a/b/cron.daily/backup") is Form.LINES
    assert form_of("any.yaml") is Form.MANIFEST
    assert form_of("a.py") is form_of(".env.example") is None
