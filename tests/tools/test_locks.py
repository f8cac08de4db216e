"""What is installed is pinned by hash, for those who run an edge or a hub as for those who work on them."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release.audit import judge
from tools.release.pins import read

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"
EXTRAS = {"edge": ("adapters", "telemetry"), "hub": ("hub", "billing", "channels")}


@pytest.mark.parametrize("service", EXTRAS)
def test_what_a_service_installs_was_tested_by_version_and_hash(service: str) -> None:
    tested = read(LOCKS / "dev.lock")
    for pin in read(LOCKS / f"{service}.lock").values():
        assert (tested[pin.name].version, tested[pin.name].hashes) == (pin.version, pin.hashes)


@pytest.mark.parametrize("service", EXTRAS)
def test_a_lock_leaves_nothing_out(service: str) -> None:
    """From our own requirements down to the last package, as the metadata of what is installed here tell."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    for extra in EXTRAS[service]:
        wanted += [Requirement(line) for line in project["optional-dependencies"][extra]]
    pins, seen = read(LOCKS / f"{service}.lock"), set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(pins[name].version, prereleases=True)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                wanted += [
                    below for below in _below(name) if not below.marker or below.marker.evaluate({"extra": extra})
                ]
    assert len({name for name, _ in seen}) > 50


def _below(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:  # for another system
        return []


def test_a_package_without_a_hash_is_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("click==8.3.0 \\\n    # via safety-gateway (pyproject.toml)\n")
    with pytest.raises(ValueError, match="click has no hash"):
        read(lock)
    lock.write_text("click==8.3.0\n")
    with pytest.raises(ValueError, match=r"some\.lock:1"):
        read(lock)


CLEAN = '{"name": "click", "version": "8.3.0", "vulns": []}'
KNOWN = '{"name": "yarl", "version": "1.0", "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["1.1"]}]}'
SILENT = '{"name": "tuf", "skip_reason": "could not be audited"}'


@pytest.mark.parametrize(
    ("report", "status", "words"),
    [
        (CLEAN, 0, "1 packages: none has a known vulnerability"),
        (f"{CLEAN},{KNOWN}", 1, "yarl 1.0: PYSEC-0000-1, mended in 1.1"),
        (f"{CLEAN},{SILENT}", 2, "not audited: 1 of 2"),
        (f"{KNOWN},{SILENT}", 1, "not audited: 1 of 2"),
        ("", 2, "not audited: the report names no package"),
    ],
)
def test_silence_is_not_taken_for_a_clean_audit(report: str, status: int, words: str) -> None:
    ended, lines = judge(f'{{"dependencies": [{report}]}}', "")
    assert ended == status
    assert words in "\n".join(lines)


@pytest.mark.parametrize("out", ["", "[]", "{}", "No known vulnerabilities found"])
def test_no_report_is_no_clean_audit(out: str) -> None:
    ended, (line,) = judge(out, "ConnectionError: no route\n")
    assert ended == 2
    assert line.startswith("not audited: pip-audit gave no report (ConnectionError: no route). Fix: ")
