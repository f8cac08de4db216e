"""What is installed from a wheel works without the checkout: the base policy and the plugin are in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_wheel_judges_by_the_base_policy_on_its_own(tmp_path: Path) -> None:
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", source], check=True)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        source,
    ]
    subprocess.run(build, check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    question = json.dumps({"id": "1", "tool": "exec", "params": {"command": "rm -rf /"}})
    answer = subprocess.run(
        [sys.executable, "-c", "from safety_core.cli.main import main; main()", "classify"],
        input=question,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert json.loads(answer.stdout)["level"] == "critical_red"
    assert (installed / "safety_core" / "_policies" / "matrix.yaml").is_file()
    assert (installed / "hub" / "migrations").is_dir()
    plugin = installed / "safety_core" / "_openclaw"
    assert (plugin / "openclaw.plugin.json").is_file()
    assert not (plugin / "test").exists()
