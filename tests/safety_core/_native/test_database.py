"""What Hyperscan is asked, and by how many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import hyperscan
import pytest

from safety_core._native.database import Database


def test_it_says_which_expression_ends_where() -> None:
    assert Database([b"b[0-9]", b"c"]).ends(b"a b7 c") == [(0, 4), (1, 6)]
    assert Database([b"b.c"], literal=True).ends(b"bxc b.c") == [(0, 7)]
    assert Database([b"B"], flags=hyperscan.HS_FLAG_CASELESS).ends(b"b") == [(0, 1)]
    assert Database([b"b"]).ends(b"") == []


def test_what_was_dumped_finds_the_same() -> None:
    database = Database([b"b[0-9]"])
    assert Database.restored(database.dump()).ends(b"a b7") == database.ends(b"a b7") == [(0, 4)]
    with pytest.raises(hyperscan.HyperscanError):
        Database.restored(b"no database")


def test_what_cannot_be_compiled_is_refused() -> None:
    with pytest.raises(hyperscan.HyperscanError):
        Database([b"a("])


def test_several_threads_look_at_once() -> None:
    database = Database([b"key[0-9]"])
    texts = [b"." * at + b"key7" + b"." * 50_000 for at in range(200)]
    with ThreadPoolExecutor(8) as threads:
        assert [*threads.map(database.ends, texts)] == [[(0, at + 4)] for at in range(200)]
