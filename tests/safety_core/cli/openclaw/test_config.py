"""openclaw.json is found, read as JSON5, and replaced whole; what could hide something is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from safety_core.cli.openclaw.config import LIMIT, locate, parse, read_config, render, replace_config
from safety_core.errors import InputError, UnavailableError


def test_it_is_looked_for_where_openclaw_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate(None, {}) == tmp_path / ".openclaw" / "openclaw.json"
    assert locate(None, {"OPENCLAW_STATE_DIR": str(tmp_path)}) == tmp_path / "openclaw.json"
    environ = {"OPENCLAW_STATE_DIR": "/elsewhere", "OPENCLAW_CONFIG_PATH": str(tmp_path / "other.json")}
    assert locate(None, environ) == tmp_path / "other.json"
    assert locate(tmp_path / "mine.json", environ) == tmp_path / "mine.json"


def test_links_are_followed_so_that_they_stay_links(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to("real.json")
    assert locate(tmp_path / "link.json", {}) == tmp_path / "real.json"


def test_comments_trailing_commas_and_bare_keys_are_read() -> None:
    text = b"// mine\n{ gateway: { port: 0x10, mode: 'local', }, /* more */ agents: {}, }"
    assert parse(text, "openclaw.json") == {"gateway": {"port": 16, "mode": "local"}, "agents": {}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[]", "is not an object"),
        (b"{ gateway: ", "is not JSON5"),
        (b"{ a: 1, a: 2 }", "is not JSON5"),
        (b"{ a: NaN }", "number"),
        (b"{ a: 'half \\uD800' }", "surrogate"),
        (b" " * (LIMIT + 1), "larger"),
        (b"\xff\xfe", "is not JSON5"),
    ],
)
def test_what_is_no_configuration_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse(text, "openclaw.json")


def test_an_error_quotes_nothing_of_the_file() -> None:
    with pytest.raises(InputError) as caught:
        parse(b"{ apiKey: 'plainly-invented-key' oops }", "openclaw.json")
    assert "invented" not in str(caught.value)
    assert "line 1" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [b'{"$include": "all.json"}', b"{models: {$include: './m.json5'}}", b"{agents: {entries: [{$include: 'a'}]}}"],
)
def test_an_include_where_we_change_something_is_refused(text: bytes) -> None:
    with pytest.raises(InputError, match=r"\$include .*not followed"):
        parse(text, "openclaw.json")


def test_an_include_elsewhere_is_left_alone() -> None:
    assert parse(b"{channels: {$include: './c.json5'}}", "openclaw.json") == {"channels": {"$include": "./c.json5"}}


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not there\. Fix: .*onboard"):
        read_config(tmp_path / "openclaw.json")


def test_it_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text("{}")
    path.chmod(0o640)
    replace_config(read_config(path), render({"a": "ü"}))
    assert path.read_text() == '{\n  "a": "ü"\n}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [*tmp_path.iterdir()] == [path]


def test_what_somebody_changed_in_between_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text("{}")
    file = read_config(path)
    path.write_text('{"theirs": 1}')
    with pytest.raises(UnavailableError, match="changed by somebody else"):
        replace_config(file, b"{}")
    assert path.read_text() == '{"theirs": 1}'
