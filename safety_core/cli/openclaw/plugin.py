"""The plugin's files: inside the installed package, or in the checkout. What they are is one hash."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

from safety_core.errors import InputError, UnavailableError

MANIFEST: Final = "openclaw.plugin.json"
INSTALL_GATE: Final = "bin/install.js"
"""What is asked before OpenClaw installs a skill or a plugin: `install.js AGENT SOCKET`."""

PARTS: Final = ("index.js", "lib", "bin", MANIFEST, "package.json")
"""What OpenClaw needs of the plugin's folder; its tests and its pinned host stay behind."""

_PACKAGE: Final = Path(__file__).parents[2]


def shipped_plugin() -> Path:
    """Return the folder of the plugin that belongs to this program.

    Raises:
        UnavailableError: the program was installed without it.
    """
    packed = _PACKAGE / "_openclaw"
    folder = packed if packed.is_dir() else _PACKAGE.parent / "plugins" / "openclaw"
    if not (folder / MANIFEST).is_file():
        raise UnavailableError(str(folder), "is not the plugin", "install safety-gateway again")
    return folder


def plugin_files(folder: Path) -> tuple[Path, ...]:
    """Return the plugin's files in `folder`, relative to it, in order."""
    found = (path for part in PARTS for path in ((folder / part), *sorted((folder / part).rglob("*"))))
    return tuple(path.relative_to(folder) for path in found if path.is_file() and "__pycache__" not in path.parts)


def plugin_hash(folder: Path) -> str:
    """Return one sha256 (hexadecimal) of all files of the plugin in `folder`: their names and their bytes."""
    whole = hashlib.sha256()
    try:
        for name in plugin_files(folder):
            raw = (folder / name).read_bytes()
            whole.update(f"{name.as_posix()}\0{len(raw)}\0".encode() + raw)
    except OSError as error:
        raise InputError(str(folder), f"cannot be read ({error.strerror})", "let its owner run this") from error
    return whole.hexdigest()


def install_gate(folder: Path, source: Path, agent: str, socket: Path) -> tuple[str, ...]:
    """Return the command that decides about installs, of the plugin that lies or will lie in `folder`; () for none.

    Args:
        source: where the plugin's files are now.
    """
    node = shutil.which("node")
    if node is None or not (source / INSTALL_GATE).is_file():
        return ()
    return (str(Path(node).resolve()), str(folder / INSTALL_GATE), agent, str(socket))


def plugin_version(folder: Path) -> str:
    """Return the version in the plugin's package.json, or "" where there is none to read."""
    try:
        return str(json.loads((folder / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def copy_plugin(source: Path, target: Path) -> None:
    """Put a copy of the plugin at `target`, in place of what is there, whole or not at all.

    Raises:
        UnavailableError: the disk does not take it.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".plugin-") as name:
            new, old = Path(name, "new"), Path(name, "old")
            for file in plugin_files(source):
                (new / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / file, new / file)
                (new / file).chmod(0o644)  # OpenClaw runs nothing that others could write
            if target.exists():
                target.replace(old)
            new.replace(target)
    except OSError as error:
        raise UnavailableError(
            str(target), f"cannot be written ({error.strerror})", "look at the disk and at who owns the folder"
        ) from error
