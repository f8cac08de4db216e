"""`python -m demo_pool.tenant.setup`: makes a tenant of the snapshot, by the commands that a user would type.

All keys, tokens and secrets are drawn here, inside of the tenant. One process runs all commands, which saves a second
for each. It prints two lines: {"hub": true} once the hub can be started, and then a `Place`.

Given on standard input, as JSON: the tenant's origin and the ports of the fakes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from demo_pool.snapshot import CACHE, POLICIES, SHOP
from demo_pool.tenant.script import AGENT, SHOP_KEY
from demo_pool.world import HOME, SNAPSHOT
from safety_core.cli.main import cli
from safety_core.edge.home import Home
from safety_core.errors import UnavailableError

TENANT: Final = "bakery"
OWNER: Final = "You"
HUB_PORT: Final = 8200
HUB: Final = f"http://127.0.0.1:{HUB_PORT}"
PROVIDER_KEY: Final = "provider_key"
FOLDER: Final = Path(HOME)
HUB_SETTINGS: Final = FOLDER / "hub.toml"
HUB_KEY: Final = FOLDER / "hub-key.yaml"
PUBLISHER: Final = FOLDER / "publisher"
HUB_COMMAND: Final = ("hub", "--config", str(HUB_SETTINGS))

_PATIENCE: Final = 60


@dataclass(frozen=True, slots=True)
class Place:
    """What the stage has to know.

    Attributes:
        invite: the one-use link with which the visitor's phone joins.
        token: what the agent shows at the egress.
        shop_key: value of the shop's key, which its fake asks for.
        settings: file with the edge's settings.
    """

    invite: str
    token: str
    shop_key: str
    settings: str


def main() -> None:
    """Set everything up."""
    told = json.loads(sys.stdin.readline())
    os.environ["SAFETY_HOME"] = str(FOLDER / "edge")
    values = {SHOP_KEY: "shop-" + secrets.token_urlsafe(24), PROVIDER_KEY: "sk-demo-" + secrets.token_urlsafe(24)}
    _furnish(values[SHOP_KEY], told["shop_port"], told["mail_port"])
    HUB_SETTINGS.write_text(
        f"data = {json.dumps(str(FOLDER / 'hub'))}\nport = {HUB_PORT}\nurl = {json.dumps(told['origin'])}\n"
    )
    HUB_KEY.write_text(safety(*HUB_COMMAND, "init"))
    registration, _ = (
        _file(kind, safety(*HUB_COMMAND, kind, "add", TENANT, *more).strip())
        for kind, more in (("tenant", ()), ("publisher", ("author",)))
    )
    invite = safety(*HUB_COMMAND, "person", "add", OWNER, "--role", "owner", "--tenant", TENANT).strip()
    print(json.dumps({"hub": True}), flush=True)
    for name, value in values.items():
        safety("secret", "set", name, given=value)
    publish(HUB_KEY.read_text(), str(PUBLISHER))
    safety("tenant", "register", TENANT, "--hub", HUB, "--token-file", registration)
    token = secrets.token_urlsafe(24)
    settings = _edge_settings(told["model_url"], token)
    print(json.dumps(asdict(Place(invite, token, values[SHOP_KEY], settings))), flush=True)


def publish(approvers: str, token_file: str) -> None:
    """Have the tenant's security author sign a policy in which `approvers` are pinned, and publish it."""
    policies, keys, bundle = FOLDER / "policies", FOLDER / "policy-keys", str(FOLDER / "bundle.tar.gz")
    (policies / "approvers.yaml").write_text(approvers)
    if not keys.exists():
        safety("policy", "keys", str(keys))
    safety("policy", "build", "--policies", str(policies), "--tenant", TENANT, "-o", bundle)
    safety("policy", "sign", bundle, "--keys", str(keys))
    _wait_for_hub()
    target = ("--repository", str(FOLDER / "repository"), "--hub", HUB, "--token-file", token_file)
    safety("policy", "publish", bundle, "--keys", str(keys), *target)


def safety(*arguments: str, given: str = "") -> str:
    """Run one `safety` command here, to its end, and return what it printed."""
    with _standard_input(given), contextlib.redirect_stdout(io.StringIO()) as printed:
        cli.main([*arguments], prog_name="safety", standalone_mode=False)
    return printed.getvalue()


@contextlib.contextmanager
def _standard_input(given: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given.encode()))
    try:
        yield
    finally:
        sys.stdin = before


def _furnish(shop_key: str, shop_port: int, mail_port: int) -> None:
    """Lay out the snapshot's files; what is particular to this tenant is put into them."""
    shutil.copytree(f"{SNAPSHOT}/{POLICIES}", FOLDER / "policies")
    Home(FOLDER / "edge").create()
    shutil.copytree(f"{SNAPSHOT}/{CACHE}", FOLDER / "edge/cache", copy_function=shutil.copyfile)
    particular = {"{KEY}": shop_key, "{PYTHON}": sys.executable, "{SHOP}": str(shop_port), "{MAIL}": str(mail_port)}
    for source in sorted(Path(SNAPSHOT, SHOP).rglob("*")):
        target = FOLDER / "shop" / source.relative_to(f"{SNAPSHOT}/{SHOP}")
        if source.is_dir():
            target.mkdir(parents=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text()
        for mark, value in particular.items():
            text = text.replace(mark, value)
        target.write_text(text)
        target.chmod(0o755 if text.startswith("#!") else 0o644)


def _edge_settings(model_url: str, token: str) -> str:
    lines: dict[str, Any] = {
        "home": str(FOLDER / "edge"),
        "tenant": TENANT,
        "workspace": str(FOLDER / "shop"),
        "root": str(FOLDER / "policy-keys/root.json"),
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    text += f"[hub]\nurl = {json.dumps(HUB)}\nheartbeat = 10\n[egress]\nport = 0\n"
    text += f"[egress.providers.openai]\nbase_url = {json.dumps(model_url)}\nprivate = true\n"
    text += f"key_secret = {json.dumps(PROVIDER_KEY)}\n"
    text += f"[clients]\n{AGENT} = {json.dumps(hashlib.sha256(token.encode()).hexdigest())}\n"
    return _file("edge.toml", text)


def _wait_for_hub() -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.HTTPError):
            httpx2.get(f"{HUB}/v1/health").raise_for_status()
            return
        time.sleep(0.1)
    raise UnavailableError("the tenant's hub", "does not answer")


def _file(name: str, text: str) -> str:
    path = FOLDER / name
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)


if __name__ == "__main__":
    main()
