"""`safety secret file`: one read of a value, from a path."""

from __future__ import annotations

import subprocess
import sys

import pytest

from safety_core.edge.home import Home
from safety_core.model.secret import SecretName
from tests.safety_core.cli.secret.running import VALUE, opened, safety


@pytest.mark.parametrize("plain", [[], ["--plain"]])
def test_a_program_reads_it_once(home: Home, monkeypatch: pytest.MonkeyPatch, plain: list[str]) -> None:
    assert safety(monkeypatch, "set", "shop_key", stdin=VALUE) == 0
    command = [sys.executable, "-m", "safety_core.cli", "secret", "file", "shop_key", *plain]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        path = child.stdout.readline().strip()
        assert subprocess.run(["cat", path], capture_output=True, text=True, check=True, timeout=20).stdout == VALUE
        _, told = child.communicate(timeout=20)
        assert (child.returncode, told) == (0, "shop_key was read\n")
    assert subprocess.run(["cat", path], capture_output=True, check=False, timeout=20).returncode == 1
    with opened(home) as vault:
        (use,) = vault.uses(SecretName("shop_key"), 9)
        assert (use.agent, use.tool, use.version) == ("command line", "file", 1)


def test_nobody_comes(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(monkeypatch, "set", "shop_key", stdin=VALUE) == 0
    assert safety(monkeypatch, "file", "shop_key", "--within", "0") == 1
    assert capsys.readouterr().err == "shop_key was not read\n"
    assert safety(monkeypatch, "file", "missing") == 1
    assert "secret missing: is not in the vault" in capsys.readouterr().err
