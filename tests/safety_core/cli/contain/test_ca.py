"""`safety contain ca` makes a certificate authority for named hosts, once, and says where it is to be trusted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from safety_core.cli.main import run
from safety_core.edge.shipped import shipped_folder

EGRESS = b"""\
forward:
  hosts:
    - {host: .git.example, how: intercept}
    - {host: shop.example, how: tunnel}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAFETY_HOME", str(tmp_path / "h"))
    return tmp_path / "h"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(["contain", "ca", *arguments]) == status
    told = capsys.readouterr()
    return told.err if status else told.out


def test_it_is_made_once_and_shown_from_then_on(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ca.pem"
    first = said(capsys, "--host", "github.com", "--out", str(out))
    assert "counts for:  github.com, and what lies below" in first
    for words in (
        f"certificate: {out}\n",
        "update-ca-certificates",
        f"NODE_EXTRA_CA_CERTS={out}",
        f"REQUESTS_CA_BUNDLE={out}",
        f"SSL_CERT_FILE={out}",
        f"http.sslCAInfo {out}",
    ):
        assert words in first
    certificate = x509.load_pem_x509_certificate(out.read_bytes())
    assert certificate.fingerprint(SHA256()).hex() in first
    assert f"serial:      {certificate.serial_number:x}\n" in first
    assert out.stat().st_mode & 0o777 == 0o644
    assert b"PRIVATE" not in out.read_bytes()
    assert (home / "keys" / "ca.key").stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in first
    assert said(capsys, "--out", str(out)) == first
    assert said(capsys, "--host", "api.github.com", "--out", str(out)) == first
    assert said(capsys, "--renew", "--host", "github.com", "--out", str(out)) != first


def test_it_counts_for_what_a_policy_intercepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(shipped_folder(), folder)
    (folder / "egress.yaml").write_bytes(EGRESS)
    assert "counts for:  git.example, and what lies below" in said(capsys, "--policies", str(folder))


def test_what_it_does_not_count_for_is_told_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "--host", "a.example")
    told = said(capsys, "--host", "b.example", status=2)
    assert "does not count for b.example. Fix: safety contain ca --renew --host a.example --host b.example" in told
    assert "does not count for every name. Fix: safety contain ca --renew --any-host" in said(
        capsys, "--any-host", status=2
    )
    assert "counts for:  every name" in said(capsys, "--renew", "--any-host")
    assert "counts for:  every name" in said(capsys, "--host", "b.example")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "is not told for which hosts it counts"), (("--host", "10.0.0.1"), "is not the name of a host")],
)
def test_what_is_missing_or_wrong_is_told(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in said(capsys, *arguments, status=2)
