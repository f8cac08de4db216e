"""nginx with the settings of deploy/nginx.conf, in a folder of its own, before whatever listens on two ports."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from typing import Final

from tests.simulators.certificates import Certificate, certificate
from tests.simulators.serving import held_port

SETTINGS: Final = Path(__file__).parents[2] / "deploy/nginx.conf"
PROGRAM: Final = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass(frozen=True)
class Front:
    """The proxy, for whoever asks it by `url` and trusts `certificate`."""

    url: str
    certificate: Certificate

    def context(self) -> ssl.SSLContext:
        """Return what a client needs."""
        return ssl.create_default_context(cadata=self.certificate.pem)


def settings(folder: Path, made: Certificate, **places: str) -> Path:
    """Write deploy/nginx.conf with this folder's places in a whole file of nginx's, and return its path.

    Args:
        places: further texts of it that stand for others here.
    """
    text = SETTINGS.read_text()
    here = {
        "/etc/ssl/safety-hub/fullchain.pem": str(made.chain),
        "/etc/ssl/safety-hub/key.pem": str(made.key),
        "/var/log/nginx/": f"{folder}/",
        **places,
    }
    for there, own in here.items():
        assert there in text, there
        text = text.replace(there, own)
    bodies = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    here_only = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;"
    whole.write_text(f"{here_only} events {{}} http {{ {bodies} {text} }}")
    return whole


@contextmanager
def nginx(folder: Path, ports: tuple[int, int]) -> Iterator[Front]:
    """Run it before what listens on these ports of loopback."""
    folder.mkdir()
    made = certificate(folder, "hub.example", "localhost")
    with held_port() as port:
        places = {
            "127.0.0.1:8201": f"127.0.0.1:{ports[0]}",
            "127.0.0.1:8202": f"127.0.0.1:{ports[1]}",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "    listen [::]:443 ssl;\n": "",
        }
        file = settings(folder, made, **places)
        running = subprocess.Popen([PROGRAM, "-e", str(folder / "error"), "-c", str(file)])
        try:
            _await_it(port, running)
            yield Front(f"https://localhost:{port}", made)
        finally:
            running.terminate()
            running.wait(60)


def _await_it(port: int, running: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            if running.poll() is not None:
                raise RuntimeError("nginx did not start") from None
            time.sleep(0.02)
        else:
            return
