"""The units are read by systemd itself: it finds nothing wrong in them, and what they leave open is known and small."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from safety_core.edge.vault_key import KEY_CREDENTIAL

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy/systemd"
SERVICES = sorted(UNITS.glob("*.service"))

EXPOSURE = {
    "safety-edge.service": 3.0,
    "safety-edge-backup.service": 0.6,
    "safety-hub.service": 1.4,
    "safety-hub@.service": 1.4,
    "safety-hub-backup.service": 1.4,
}
"""What `systemd-analyze security` says at most, of 10. The edge's commands are held in namespaces of their own, for
which the unit leaves open what makes them (docs/vps.md)."""


def name(path: Path) -> str:
    return path.name


def settings(path: Path) -> dict[str, list[str]]:
    """Section.key -> values, in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(f"{section}.{key}", []).append(value)
    return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the units in it, and with what they start."""
    root = tmp_path_factory.mktemp("machine")
    shutil.copytree(UNITS, root / "etc/systemd/system")
    for program in ("opt/safety/bin/safety", "bin/sh", "usr/bin/find"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        (root / program).write_text("#!/bin/sh\n")
        (root / program).chmod(0o755)
    for unit in ("network-online.target", "time-sync.target", "multi-user.target", "timers.target", "sysinit.target",
                 "basic.target", "shutdown.target", "system.slice", "-.mount", "tmp.mount"):  # fmt: skip
        path = Path("/lib/systemd/system", unit)
        if path.exists():
            (root / "lib/systemd/system").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / "lib/systemd/system" / unit)
    return root


def test_systemd_finds_nothing_wrong_in_them(machine: Path) -> None:
    there = [path.name.replace("@.", "@8201.") for path in sorted([*SERVICES, *UNITS.glob("*.timer")])]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={machine}", *there],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=name)
def test_what_it_leaves_open_is_small(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    level = float(re.findall(r"exposure level for \S+: ([\d.]+)", done.stdout)[0])
    assert level <= EXPOSURE[unit.name]


@pytest.mark.parametrize("unit", SERVICES, ids=name)
def test_nothing_runs_as_root_or_keeps_a_capability(unit: Path) -> None:
    told = settings(unit)
    assert told["Service.User"][0] in {"safety", "safety-hub"}
    assert told["Service.CapabilityBoundingSet"] == [""]
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "RestrictSUIDSGID"):
        assert told[f"Service.{key}"] == ["yes"]
    assert told["Service.ProtectSystem"] == ["strict"]


def test_users_are_those_of_the_units() -> None:
    made = set(re.findall(r"^u (\S+)", (UNITS / "safety.sysusers").read_text(), re.MULTILINE))
    assert made == {settings(unit)["Service.User"][0] for unit in SERVICES}


def test_what_confines_commands_stays_possible() -> None:
    """Each of these takes a layer away from commands (`safety_core/edge/confine/`), or may: docs/vps.md."""
    told = settings(UNITS / "safety-edge.service")
    for key in ("ProtectKernelTunables", "ProtectKernelLogs", "ProcSubset", "ProtectControlGroups", "PrivateUsers",
                "MemoryDenyWriteExecute"):  # fmt: skip
        assert f"Service.{key}" not in told, key
    assert set(told["Service.RestrictNamespaces"][0].split()) == {"user", "mnt", "pid", "ipc", "net"}
    assert {"@mount", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(
        told["Service.SystemCallFilter"][0].split()
    )
    assert told["Service.Delegate"] == ["memory pids"]


def test_the_vaults_key_has_the_name_that_the_edge_looks_for() -> None:
    named = re.findall(r"LoadCredentialEncrypted=([\w-]+):(\S+)", (UNITS / "safety-edge.service").read_text())
    used = re.findall(r"LoadCredentialEncrypted=([\w-]+):(\S+)", (UNITS / "as-edge").read_text())
    assert named == used
    assert [key for key, _ in named] == [KEY_CREDENTIAL]


def test_systemd_makes_those_users(tmp_path: Path) -> None:
    """A description with a colon in it, say, would make none."""
    file = tmp_path / "etc/sysusers.d/safety.conf"
    file.parent.mkdir(parents=True)
    shutil.copy(UNITS / "safety.sysusers", file)
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^(safety[\w-]*):", (tmp_path / "etc/passwd").read_text(), re.MULTILINE) == [
        "safety",
        "safety-hub",
    ]
