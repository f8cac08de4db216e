"""Words and chance are told apart."""

from __future__ import annotations

from safety_core.match.wordlike import entropy, repeated, usual_share, word_letters


def test_word_likeness() -> None:
    assert usual_share("production") > 0.9
    assert usual_share("xqzjvkwpf") < 0.4
    assert usual_share("12") == 0.0
    assert word_letters("getUserById42xqzv") == len("User")
    assert entropy("") == 0.0
    assert entropy("abcd") == 2.0


def test_rows_of_one_character() -> None:
    assert all(map(repeated, ["aaaaaa", "key-xxXXxx", "abc..."]))
    assert not repeated("aaabbbccc")
