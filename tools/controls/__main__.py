"""`python -m tools.controls [ROW ...]`: take controls of docs/threat-model.md out, in a copy, and see their tests fail.

`taken_out.toml` has, by row, what is done: a file, the text in it that is the control, what stands there instead, and
which of the row's tests has to fail. Ends with 1 where a test does not miss its control. What came of all rows is
written onto the page.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.docs.marks import between

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "threat-model.md"
TABLE: Final = ROOT / "tools" / "controls" / "taken_out.toml"
NODE: Final = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
IMPORTED: Final = "import safety_core, proxy, hub; print(safety_core.__file__, proxy.__file__, hub.__file__)"
FAILED: Final = 1
"""What pytest ends with where tests failed; where none could be run it is another number, and nothing has been seen."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """One control of one row, and the test that has to miss it. `node`: as pytest is told it."""

    row: str
    path: str
    control: str
    instead: str
    node: str


def table() -> Iterator[TakenOut]:
    """Yield what is to be taken out. Raises KeyError: the page has no such row, or the row no such test."""
    rows = dict(re.findall(r"^\| ([A-Z]{2}\d+) \|(.*)$", PAGE.read_text(), re.MULTILINE))
    for row, entries in tomllib.loads(TABLE.read_text()).items():
        nodes = {node.partition("::")[2]: node for node in NODE.findall(rows[row])}
        for path, control, instead, test in entries:
            name, bracket, given = test.partition("[")
            yield TakenOut(row, path, control, instead, nodes[name] + bracket + given)


def copy(target: Path) -> None:
    """Copy the newest commit, as a repository of its own, and what was compiled; link what was fetched for tests."""
    order = ["git", "archive", "--format=tar", "HEAD"]
    packed = subprocess.run(order, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        files.extractall(target, filter="data")
    for words in ("init", "add .", "-c user.name=nobody -c user.email=nobody@test commit -m copy"):
        subprocess.run(["git", *words.split()], cwd=target, capture_output=True, check=True)  # releases are made of one
    for built in (ROOT / "safety_core" / "_native").glob("*.so"):
        shutil.copy(built, target / built.relative_to(ROOT))
    if (ROOT / ".cache").is_dir():
        (target / ".cache").symlink_to(ROOT / ".cache")
    environment(target)


def environment(target: Path) -> None:
    """Give the copy a Python environment in which it stands in the place of what is installed, also for children that
    heed no variable."""
    shutil.copytree(sys.prefix, target / ".venv", symlinks=True, copy_function=_linked)
    (packages,) = (target / ".venv" / "lib").glob("python*/site-packages")
    for installed in packages.glob("__editable__*"):
        installed.unlink()
    (packages / "copy.pth").write_text(str(target))


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


def run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy."""
    order = [str(place / ".venv" / "bin" / "python"), *command]
    return subprocess.run(order, cwd=place, capture_output=True, text=True, check=False)


def tested(place: Path, *nodes: str) -> subprocess.CompletedProcess[str]:
    """Run these tests, up to the first that fails."""
    return run(place, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=120", *nodes)


def missed(place: Path, it: TakenOut, times: Iterator[int]) -> bool:
    """Tell whether the test fails without the control, and put the control back. Not where the control is not there."""
    path = place / it.path
    whole = path.read_text()
    if whole.count(it.control) != 1:
        print(f"{it.row}: {it.path} does not hold once: {it.control}. Fix: bring {TABLE.name} up to date")
        return False
    for text in (whole.replace(it.control, it.instead), whole):
        path.write_text(text)
        stamp = next(times)  # two texts of one second and one length would be one text to Python's cache
        os.utime(path, (stamp, stamp))
        if text is not whole:
            ended = tested(place, it.node).returncode
    return ended == FAILED


def main(wanted: list[str]) -> int:
    """Go through the rows that are named, or all; return the exit status."""
    chosen = [it for it in table() if it.row in wanted or not wanted]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        copy(place)
        where = run(place, "-c", IMPORTED)
        if where.stdout.count(str(place)) != 3:
            raise SystemExit(f"{place}: is not what Python imports there: {where.stdout}{where.stderr}")
        sound = tested(place, *dict.fromkeys(it.node for it in chosen))
        if sound.returncode:
            raise SystemExit(
                f"tests fail with every control in its place:\n{sound.stdout[-3000:]}{sound.stderr[-1000:]}"
            )
        times = itertools.count(1)
        survived = 0
        for it in chosen:
            noticed = missed(place, it, times)
            survived += not noticed
            print(f"{it.row:5}{'fails' if noticed else 'DOES NOT FAIL'}: {it.node} ({it.path})", flush=True)
    rows = len({it.row for it in chosen})
    told = f"{len(chosen)} controls of {rows} rows taken out, {len(chosen) - survived} of them made their test fail"
    print(told)
    if not wanted:
        PAGE.write_text(between(PAGE.read_text(), "controls", f"{told}."))
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
