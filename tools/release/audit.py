"""Known vulnerabilities of what is locked. `pip-audit` asks a service; what that service does not know, or what could
not be asked, it lists as skipped, and ends as if all were well. Here that does not count as clean."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def ask(lock: Path) -> tuple[int, list[str]]:
    """(exit status, lines for people): 0 all were asked about and nothing is known, 1 something is known, 2 the service
    gave no answer for some or all."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return judge(done.stdout, done.stderr)


def judge(out: str, errors: str) -> tuple[int, list[str]]:
    """What `pip-audit --format json` printed, as `ask` gives it."""
    try:
        packages: list[dict[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (errors.strip().splitlines() or ["it said nothing"])[-1]
        return 2, [f"not audited: pip-audit gave no report ({last}). Fix: run it where it can reach its service"]
    if not packages:
        return 2, ["not audited: the report names no package. Fix: make lock"]
    known = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {' '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", [])
    ]
    silent = [package["name"] for package in packages if "skip_reason" in package or "vulns" not in package]
    asked = len(packages) - len(silent)
    if silent:
        known.append(
            f"not audited: {len(silent)} of {len(packages)} ({', '.join(silent[:3])}, ...). The service gave no"
            " answer for them, which says nothing. Fix: run it where it can reach its service"
        )
    if not known:
        return 0, [f"{asked} packages: none has a known vulnerability"]
    return (1 if len(known) > bool(silent) else 2), known
