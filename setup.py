"""Packs the base policy and the plugin into the package, and builds the C extension where there is a compiler. All else
is in pyproject.toml."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
POLICIES = ROOT / "policies"
PLUGIN = ROOT / "plugins" / "openclaw"
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "safety_core" / "_native").glob("*.c"))
HEADERS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "safety_core" / "_native").glob("*.h"))


class BuildWithPolicies(build_py):
    """Copies `policies/` to `safety_core/_policies/` in what is built, where `safety_core.edge.shipped` looks first,
    and the plugin to `safety_core/_openclaw/`, where `safety openclaw install` does."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib) / "safety_core"
            shutil.copytree(POLICIES, package / "_policies", dirs_exist_ok=True)
            of_no_use = shutil.ignore_patterns("test", "runtime", "node_modules", "tsconfig.json", "README.md")
            shutil.copytree(PLUGIN, package / "_openclaw", ignore=of_no_use, dirs_exist_ok=True)


setup(
    cmdclass={"build_py": BuildWithPolicies},
    ext_modules=[
        Extension(
            "safety_core._native._c",
            SOURCES,
            depends=HEADERS,
            extra_compile_args=["-O3", "-std=c11", "-fvisibility=hidden", "-Wall", "-Wextra"],
            optional=True,  # without a compiler, the twin in Python does the same
        )
    ],
)
