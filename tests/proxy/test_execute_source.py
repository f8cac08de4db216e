"""The settings `[execute]`, and the limits that they make."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy import parts
from proxy.parts import limits_of
from proxy.settings import Settings
from proxy.settings_source import load_settings
from safety_core.edge.confine.confinement import MIB
from safety_core.edge.confine.layers import Layers
from safety_core.errors import InputError


def settings(tmp_path: Path, **given: str) -> Settings:
    named = {"TENANT": "bakery", "WORKSPACE": "/srv/agent", "HOME": str(tmp_path / "home"), **given}
    return load_settings(None, {f"SAFETY_EDGE_{name}": value for name, value in named.items()})


def test_commands_are_confined_unless_it_is_switched_off(tmp_path: Path) -> None:
    confinement = limits_of(settings(tmp_path)).confinement
    assert confinement is not None
    assert "/srv/agent" in confinement.writable
    assert str(tmp_path / "home") in confinement.hidden
    assert (confinement.memory, confinement.processes, confinement.network) == (2048 * MIB, 512, True)
    assert limits_of(settings(tmp_path, EXECUTE_CONFINE="off")).confinement is None


def test_what_is_set_is_what_holds(tmp_path: Path) -> None:
    given = {"WRITABLE": '["/srv/builds"]', "HIDDEN": '["/srv/private"]', "MEMORY": "64", "PROCESSES": "9"}
    given |= {"FILE_SIZE": "5", "NETWORK": "false", "SOCKETS": '["/run/user"]'}
    given["SECRETS_IN_ARGUMENTS"] = "true"
    limits = limits_of(settings(tmp_path, **{f"EXECUTE_{name}": value for name, value in given.items()}))
    assert limits.secrets_in_arguments
    confinement = limits.confinement
    assert confinement is not None
    assert "/srv/builds" in confinement.writable
    assert "/srv/private" in confinement.hidden
    assert "/run/user" not in confinement.hidden
    assert (confinement.memory, confinement.processes, confinement.file_size) == (64 * MIB, 9, 5 * MIB)
    assert confinement.network is False


def test_no_network_is_not_promised_where_nothing_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "layers", lambda: Layers(landlock=7))
    assert limits_of(settings(tmp_path)).confinement is not None
    with pytest.raises(InputError, match=r"execute\.network: cannot be false: this machine has no namespaces"):
        limits_of(settings(tmp_path, EXECUTE_NETWORK="false"))


def test_what_opens_the_edge_elsewhere_is_hidden_too(tmp_path: Path) -> None:
    places = {"CONTROL_SOCKET": "/run/safety/edge.sock", "CONTROL_PORT": "0", "CONTROL_TOKEN_FILE": "/etc/safety/token"}
    confinement = limits_of(settings(tmp_path, **places)).confinement
    assert confinement is not None
    assert {"/run/safety/edge.sock", "/etc/safety/token"} <= set(confinement.hidden)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CONFINE", "maybe", 'execute.confine: must be "enforce" or "off"'),
        ("WRITABLE", '["~/.cache"]', "execute.writable: has ~/.cache, which is no absolute path"),
        ("SOCKETS", '["docker.sock"]', "execute.sockets: has docker.sock, which is no absolute path"),
        ("MEMORY", "1", "execute.memory: must lie in 16"),
        ("PROCESSES", "0", "execute.processes: must lie in 1"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        settings(tmp_path, **{f"EXECUTE_{name}": value})
    assert message in str(caught.value)
