"""`python -m tools.release build | sign | audit`. How a stranger verifies what came of it is in SECURITY.md."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import click

from tools.release.audit import ask
from tools.release.bill import bill
from tools.release.build import build, tools

ROOT = Path(__file__).parents[2]
LOCKS = ("edge.lock", "hub.lock")
SUMS = "SHA256SUMS"
NAMESPACE = "safety-gateway-release"


@click.group()
def main() -> None:
    """Makes what a release carries."""


@main.command("build")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--commit", default="HEAD", show_default=True, help="What is released; nothing beside it gets in.")
def build_(target: Path, commit: str) -> None:
    """Build wheel, source archive, locks, bill of materials and SHA256SUMS into TARGET."""
    if target.exists() and any(target.iterdir()):
        raise SystemExit(f"{target}: is not empty. Fix: name a new folder")
    packed = subprocess.run(
        ["git", "archive", "--format=tar", commit], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(place, filter="data")
        wheel, _ = build(Path(place), target)
        for lock in LOCKS:
            shutil.copyfile(Path(place, "requirements", lock), target / lock)
    (target / "sbom.cdx.json").write_text(bill(wheel, [target / lock for lock in LOCKS], tools()))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(target.iterdir())]
    (target / SUMS).write_text("".join(lines))
    click.echo("".join(lines), nl=False)


@main.command("sign")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--key", required=True, type=click.Path(path_type=Path, exists=True), help="An Ed25519 key of OpenSSH.")
def sign(target: Path, key: Path) -> None:
    """Sign TARGET/SHA256SUMS with a key of OpenSSH (ssh-keygen -t ed25519), after looking at each file once more."""
    check = ["sha256sum", "--strict", "--quiet", "--check", SUMS]
    if subprocess.run(check, cwd=target, check=False).returncode:
        raise SystemExit(f"{target}: is not what was built. Fix: build it again")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", key, target / SUMS], check=True)
    click.echo(f"{target / SUMS}.sig")


@main.command("audit")
@click.argument("lock", default=ROOT / "requirements" / "dev.lock", type=click.Path(path_type=Path, exists=True))
def audit(lock: Path) -> None:
    """Ask for known vulnerabilities of what LOCK pins. Ends with 1 where there are some, 2 where nobody answered."""
    status, lines = ask(lock)
    click.echo("\n".join(lines))
    raise SystemExit(status)


if __name__ == "__main__":
    main()
