"""Bodies: what can be looked into leaves clean, what cannot does not leave."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from safety_core.errors import UnscannableError
from safety_core.redact import body as module
from tests.safety_core.redact.conftest import KEY, NUMBER, PHRASE, TOKEN, redactor

CLEAN = redactor()
JSON = json.dumps({"messages": [{"role": "user", "content": f"use {KEY}\n"}]}).encode()
SAFE = JSON.replace(KEY.encode(), b"SECRET_REF(KEY)")


def deflated(raw: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(raw) + engine.flush()


@pytest.mark.parametrize(
    ("kind", "raw", "clean"),
    [
        ("application/json", JSON, SAFE),
        ("application/json; charset=utf-8", JSON, SAFE),
        ("application/problem+json", JSON, SAFE),
        ("application/x-ndjson", JSON + b"\n\n" + JSON + b"\n", SAFE + b"\n\n" + SAFE + b"\n"),
        ("text/plain", f"a {KEY} é".encode(), "a SECRET_REF(KEY) é".encode()),
        ("text/plain; charset=iso-8859-1", f"a {KEY} é".encode("latin-1"), "a SECRET_REF(KEY) é".encode("latin-1")),
        ("", f"n={NUMBER}".encode(), b"n=SECRET_REF(NUMBER)"),
        (
            "application/x-www-form-urlencoded",
            f"a=1&k={KEY[:4]}%{ord(KEY[4]):02X}{KEY[5:]}&b=+".encode(),
            b"a=1&k=SECRET_REF(KEY)&b=+",
        ),
        ("application/json", b"\xef\xbb\xbf" + JSON, b"\xef\xbb\xbf" + SAFE),
        ("application/json", JSON.decode().encode("utf-16-le"), SAFE.decode().encode("utf-16-le")),
        ("application/json", JSON.decode().encode("utf-16-be"), SAFE.decode().encode("utf-16-be")),
        ("application/json; charset=utf-16", JSON.decode().encode("utf-16-be"), SAFE.decode().encode("utf-16-be")),
        (
            "application/json",
            b"\xff\xfe" + JSON.decode().encode("utf-16-le"),
            b"\xff\xfe" + SAFE.decode().encode("utf-16-le"),
        ),
    ],
)
def test_kinds_of_text(kind: str, raw: bytes, clean: bytes) -> None:
    done = CLEAN.body(raw, kind)
    assert done.raw == clean
    assert {finding.name for finding in done.findings} <= {"KEY", "NUMBER"}
    assert CLEAN.body(clean, kind).raw is clean


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unknown"])
@pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        (gzip.compress, gzip.decompress),
        (zlib.compress, zlib.decompress),
        (deflated, lambda raw: zlib.decompress(raw, wbits=-15)),
    ],
)
def test_packed_bodies_are_packed_again(pack: object, unpack: object, encoding: str) -> None:
    assert callable(pack)
    assert callable(unpack)
    assert unpack(CLEAN.body(pack(JSON), "application/json", encoding).raw) == SAFE
    packed = pack(SAFE)
    assert CLEAN.body(packed, "application/json", encoding).raw is packed
    assert CLEAN.body(JSON, "application/json", "identity").raw == SAFE


@pytest.mark.parametrize(
    ("kind", "encoding", "raw"),
    [
        ("application/json", "", b'{"a":1,"a":2}'),
        ("application/json", "", b"{"),
        ("application/x-ndjson", "", b"{}\n{"),
        ("image/png", "", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
        ("text/plain", "", b"ab\x00\x01cd"),
        ("text/plain", "", b"\xff\xfa\xfb"),
        ("application/json", "", b'["\xff\xfa"]'),
        ("text/plain; charset=utf-16-le", "", b"a\x00b"),
        ("text/plain; charset=ebcdic-cp-be", "", b"abc"),
        ("text/plain; charset=no-such", "", b"abc"),
        ("application/json", "br", b"\x0b\x02\x80[]\x03"),
        ("application/json", "gzip", gzip.compress(JSON, mtime=0)[:-4]),
        ("application/json", "gzip", gzip.compress(JSON, mtime=0) + b"more"),
        ("multipart/form-data", "", b"--x\r\n\r\nabc\r\n--x--"),
    ],
)
def test_what_cannot_be_looked_into_is_refused(kind: str, encoding: str, raw: bytes) -> None:
    with pytest.raises(UnscannableError):
        CLEAN.body(raw, kind, encoding)


def test_large_bodies_and_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 1000)
    with pytest.raises(UnscannableError, match="larger"):
        CLEAN.body(b"a" * 1001, "text/plain")
    with pytest.raises(UnscannableError, match="larger"):
        CLEAN.body(gzip.compress(b"a" * 100_000), "text/plain", "gzip")


def multipart(*parts: str) -> bytes:
    return "".join(f"--b\r\n{part}\r\n" for part in parts).encode() + b"--b--\r\n"


def test_every_part_by_its_own_kind() -> None:
    raw = multipart(
        f'Content-Disposition: form-data; name="n"; filename="{KEY}"\r\n\r\nplain {TOKEN}',
        'Content-Disposition: form-data; name="j"\r\nContent-Type: application/json\r\n\r\n'
        + json.dumps([PHRASE, int(NUMBER)]),
        'Content-Disposition: form-data; name="t"\r\n\r\nnothing password=hunter2x',
    )
    done = CLEAN.body(raw, 'multipart/form-data; boundary="b"')
    name = next(iter(done.discovered))
    assert done.raw == multipart(
        'Content-Disposition: form-data; name="n"; filename="SECRET_REF(KEY)"\r\n\r\nplain SECRET_REF(TOKEN)',
        'Content-Disposition: form-data; name="j"\r\nContent-Type: application/json\r\n\r\n'
        + '["SECRET_REF(PHRASE)", "SECRET_REF(NUMBER)"]',
        f'Content-Disposition: form-data; name="t"\r\n\r\nnothing password=SECRET_REF({name})',
    )
    assert CLEAN.body(done.raw, "multipart/form-data; boundary=b").raw is done.raw
    with pytest.raises(UnscannableError):
        CLEAN.body(raw.replace(b"plain", b"\x89\x00"), "multipart/form-data; boundary=b")


@pytest.mark.parametrize("number", ["1e308", "1" * 400, "0.1e-300"])
def test_what_the_fast_reader_is_not_sure_of_is_read_again(number: str) -> None:
    raw = f'{{"a": {number}, "k": "\\u0041{KEY}"}}'.encode()
    assert CLEAN.body(raw, "application/json").raw == raw.replace(KEY.encode(), b"SECRET_REF(KEY)")


def test_what_lies_between_strings_changes_nothing() -> None:
    raw = b'{"abc": [1]}'
    assert redactor((), MARKS='": [').body(raw, "application/json").raw is raw


def test_only_json_is_held_to_its_rules() -> None:
    assert CLEAN.body(b'{"a":1,"a":2}', "text/plain").findings == ()
    assert CLEAN.body(b"", "text/plain").raw == b""


PLAIN = f"the key is {KEY} indeed"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (PLAIN.encode("utf-16-le"), "text/plain; charset=utf-16"),
        (PLAIN.encode("utf-16-le"), "text/plain; charset=utf-16be"),
        (PLAIN.encode(), "text/plain; charset=utf-16le"),
        (f"k={KEY}".encode(), "application/x-www-form-urlencoded; charset=utf-16"),
        (b"\xfe\xff" + PLAIN.encode("utf-16-le"), "text/plain"),
        (b"\xff\xfe" + PLAIN.encode(), "text/plain"),
        (f"{KEY} ".encode("utf-16-le") + PLAIN.encode(), "text/plain; charset=utf-16le"),
    ],
)
def test_what_shows_a_secret_in_another_charset_is_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(UnscannableError, match="another charset"):
        CLEAN.body(raw, kind)


def test_wide_text_of_any_script_passes() -> None:
    for text in ("这是一个测试文件，请联系管理员。\u4e01", "plain text", "это проверка", f"a {KEY}"):
        for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
            raw = mark + text.encode(encoding)
            assert CLEAN.body(raw, "text/plain").raw == mark + text.replace(KEY, "SECRET_REF(KEY)").encode(encoding)
