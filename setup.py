"""Packs the base policy into the package: an installed `safety` needs no checkout. All else is in pyproject.toml."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

POLICIES = Path(__file__).parent / "policies"


class BuildWithPolicies(build_py):
    """Copies `policies/` to `safety_core/_policies/` in what is built, where `safety_core.edge.shipped` looks first."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "safety_core" / "_policies"
            shutil.copytree(POLICIES, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithPolicies})
