"""A wheel and a source archive: the same bytes wherever, whenever and by whomever they are built.

What is taken out: the folder (compiler flags), the time (the smallest that a ZIP file can say), modes but for the
executable bit, owners, the order in which a file system lists, the time zone, the language, and whatever else the
environment says. What stays, and is written into the bill of materials: the interpreter, the C compiler, setuptools and
zlib. The same four and the same sources give the same bytes.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from importlib.metadata import version
from pathlib import Path

TIME = (1980, 1, 1, 0, 0, 0)
SECONDS = 315532800  # the same
HOOK = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"


def build(source: Path, target: Path) -> tuple[Path, Path]:
    """Builds what lies in `source` (a checkout's files, or an unpacked source archive) into `target`; says where wheel
    and source archive lie. The source is copied first and not written to. Raises `SystemExit` where it is not whole.
    """
    with tempfile.TemporaryDirectory() as place:
        copy, made = Path(place, "source"), Path(place, "made")
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("*.egg-info", "build", "*.so", "__pycache__"))
        made.mkdir()
        for hook in ("build_sdist", "build_wheel"):
            command = [sys.executable, "-c", HOOK, hook, made]
            done = subprocess.run(
                command, cwd=copy, env=_environment(copy), check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise SystemExit(f"{source}: cannot be built.\n{done.stderr[-2000:]}")
        (wheel,) = made.glob("*.whl")
        (archive,) = made.glob("*.tar.gz")
        target.mkdir(parents=True, exist_ok=True)
        return _even_wheel(wheel, target / wheel.name), _even_archive(archive, target / archive.name)


def tools() -> dict[str, str]:
    """What the bytes depend on beside the sources: name -> version."""
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return {
        "interpreter": sys.version.split()[0],
        "compiler": compiler,
        "setuptools": version("setuptools"),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }


def _environment(copy: Path) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(SECONDS),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CC": "gcc",
        "LDSHARED": "gcc -shared",  # the interpreter's own words name the folder that it lies in
        # In place of the interpreter's own; setup.py adds the rest.
        "CFLAGS": f"-DNDEBUG -fwrapv -g0 -ffile-prefix-map={copy}=. -ffile-prefix-map={sys.base_prefix}=python",
    }


def _even_wheel(wheel: Path, target: Path) -> Path:
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        names = sorted(old.namelist(), key=lambda name: (".dist-info/" in name, name.endswith("/RECORD"), name))
        if not any(name.endswith(".so") for name in names):
            raise SystemExit("the wheel holds no C extension. Fix: apt-get install gcc libc6-dev python3-dev")
        for name in names:
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3
            entry.external_attr = (0o100000 | _mode(old.getinfo(name).external_attr >> 16)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return target


def _even_archive(archive: Path, target: Path) -> Path:
    written = io.BytesIO()
    with tarfile.open(archive) as old, tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as new:
        for entry in sorted(old.getmembers(), key=lambda entry: entry.name):
            even = tarfile.TarInfo(entry.name)
            even.type, even.size, even.mtime = entry.type, entry.size, SECONDS
            even.mode = 0o755 if entry.isdir() else _mode(entry.mode)
            new.addfile(even, old.extractfile(entry) if entry.isfile() else None)
    with target.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=SECONDS) as packed:
        packed.write(written.getvalue())
    return target


def _mode(mode: int) -> int:
    return 0o755 if mode & 0o100 else 0o644
