"""Bodies of real text: exact in size, JSON, the same on every run, and with all that was planted."""

import json
from itertools import islice
from pathlib import Path

import pytest

from bench import corpus
from bench.invented import planted, registered, some_registered
from safety_core.match.common_value import check_value
from safety_core.model.secret import SecretValue

KINDS = {"a.py": "def f():\n", "README.md": "Grüße aus dem Wald.\n", "d.json": '{"a": 1}\n', "w.js": "let x = 1;\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(30):
        for name, line in KINDS.items():
            path = tmp_path / f"{number}" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(line * 500, "utf-8")
        (tmp_path / f"{number}" / "django.po").write_text('msgid "tree"\nmsgstr "дерево"\n' * 500, "utf-8")
    return tmp_path


@pytest.mark.parametrize("size", [4 * 1024, 64 * 1024])
def test_a_body_has_the_size_asked_for_and_is_a_chat_request(folder: Path, size: int) -> None:
    body = corpus.body([*corpus.pieces([folder])], size)
    assert len(body.raw) == size
    assert len(json.loads(body.raw)["messages"]) >= 10
    assert sum(body.shares.values()) == pytest.approx(1, abs=0.01)


def test_every_kind_of_text_is_in_it_and_of_translations_only_the_translation(folder: Path) -> None:
    body = corpus.body([*corpus.pieces([folder])], 64 * 1024)
    assert set(body.shares) == set(corpus.KINDS)
    assert 0.5 < corpus.ascii_share(body.raw) < 1
    assert b"msgid" not in body.raw


def test_the_same_files_give_the_same_pieces(folder: Path) -> None:
    assert [*islice(corpus.pieces([folder]), 50)] == [*islice(corpus.pieces([folder]), 50)]


def test_what_is_planted_stands_in_the_body_whole(folder: Path) -> None:
    secrets = planted() + some_registered(registered(20), 3)
    body = corpus.body([*corpus.pieces([folder])], 64 * 1024, secrets)
    text = corpus.decoded(body.raw).decode()
    assert len(secrets) == 17
    assert [secret for secret in secrets if secret not in text] == []


def test_a_piece_in_which_something_is_found_is_left_out(folder: Path) -> None:
    def without_code(texts: list[str]) -> list[bool]:
        return ["def" not in text for text in texts]

    kept = corpus.clean_pieces(corpus.pieces([folder]), without_code, lambda _count, _total: None)
    assert kept
    assert "code" not in {piece.kind for piece in kept}


def test_invented_secrets_differ_and_may_be_registered() -> None:
    secrets = registered(400)
    assert len(set(secrets.values())) == 400
    for value in secrets.values():
        check_value(SecretValue(value))
