"""`safety contain ca`: the local certificate authority by which the forward proxy opens TLS of intercepted hosts."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from safety_core.bundle.forward import NAME
from safety_core.cli.chosen_policy import bundle_option, chosen_policy, policies_option
from safety_core.cli.home import home_option, record
from safety_core.edge import clock
from safety_core.edge.files import replace_file
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.forward import How
from safety_core.model.record import Event

if TYPE_CHECKING:
    from safety_core.edge.local_ca import LocalCa

_INSTALL: Final = """\
To have it trusted by software of the agent's user, and by no other machine:

  everything that reads Debian's store (as root; then they trust it, too):
    cp {path} /usr/local/share/ca-certificates/safety-gateway.crt
    update-ca-certificates
  one program, or one user's shell:
    export SSL_CERT_FILE={path}           # OpenSSL: Python, Ruby, Perl
    export CURL_CA_BUNDLE={path}          # curl
    export REQUESTS_CA_BUNDLE={path}      # Python's requests, pip
    export NODE_EXTRA_CA_CERTS={path}     # Node.js, MCP servers in it
    git config --global http.sslCAInfo {path}

The first three and git's take it in place of their own list: where a program also speaks to hosts that are tunnelled,
give it a file with both (cat /etc/ssl/certs/ca-certificates.crt {path}).
The proxy itself: export https_proxy=http://NAME:TOKEN@127.0.0.1:8102 (the token of [clients], and egress.forward_port).
"""


@click.command()
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="It counts for this name and what lies below it.")
@policies_option
@bundle_option
@click.option("--any-host", is_flag=True, help="It counts for every name: whoever gets its key can read everything.")
@click.option("--renew", is_flag=True, help="Make it anew, though there is one; it has to be trusted anew, too.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the certificate to this file.")
@home_option
def ca(
    hosts: tuple[str, ...],
    policies: Path | None,
    bundle: Path | None,
    any_host: bool,
    renew: bool,
    out: Path | None,
    home: Home,
) -> None:
    """Make the certificate that lets TLS be looked into, or show it.

    It counts for named hosts alone: those of --host, and those that a policy (--policies, --bundle) says to intercept.
    Its key stays in the edge's folder; it holds for a year. Run this as the edge's user, who has to read the key.

    \b
    safety contain ca --host github.com --out /etc/safety/ca.pem
    """
    from safety_core.edge.local_ca import ca_files, make_ca, open_ca

    wanted = _wanted(hosts, policies, bundle)
    if ca_files(home)[1].exists() and not renew:
        authority = open_ca(home)
        _check_covers(authority, wanted, any_host=any_host)
    else:
        if not wanted and not any_host:
            fix = "name hosts: --host github.com, or --policies FOLDER"
            raise InputError("local CA", "is not told for which hosts it counts", fix)
        authority = make_ca(home, None if any_host else wanted, clock.now())
        asyncio.run(record(home, Event.SECRET, "local CA", "renew" if renew else "set"))
    path = ca_files(home)[0]
    if out is not None:
        replace_file(out, authority.pem, _readable)
        path = out
    _tell(authority, path.absolute(), hidden=out is None)


def _wanted(hosts: tuple[str, ...], policies: Path | None, bundle: Path | None) -> tuple[str, ...]:
    for host in hosts:
        if not NAME.fullmatch(host):
            raise InputError(f"--host {host[:80]!r}", "is not the name of a host", "write it as in DNS, in lower case")
    policy = chosen_policy(bundle, policies)[0].policy if policies or bundle else None
    listed = [rule.host for rule in policy.forward.hosts if rule.how is How.INTERCEPT] if policy else []
    return tuple(sorted({host.removeprefix(".") for host in (*hosts, *listed)}))


def _check_covers(authority: LocalCa, wanted: tuple[str, ...], *, any_host: bool) -> None:
    """Refuse to show one that is not what was asked for, as if it were."""
    known = authority.hosts
    missing = [one for one in wanted if not authority.counts_for(one)]
    if missing or (any_host and known is not None):
        every = sorted({*(known or ()), *missing})
        fix = "safety contain ca --renew " + ("--any-host" if any_host else " ".join(f"--host {one}" for one in every))
        raise InputError("local CA", f"is there, and does not count for {', '.join(missing) or 'every name'}", fix)


def _tell(authority: LocalCa, path: Path, *, hidden: bool) -> None:
    until = authority.certificate.not_valid_after_utc
    hosts = authority.hosts
    where = "  (in the edge's own folder; for other users: --out FILE)" if hidden else ""
    click.echo(f"certificate: {path}{where}")
    click.echo(f"sha256:      {authority.fingerprint}")
    click.echo(f"serial:      {authority.serial:x}")
    click.echo(f"until:       {until:%Y-%m-%d}{'  (expired: --renew)' if until.timestamp() <= clock.now() else ''}")
    click.echo(f"counts for:  {', '.join(hosts) + ', and what lies below' if hosts else 'every name'}\n")
    click.echo(_INSTALL.format(path=path), nl=False)


def _readable(handle: int) -> None:
    os.fchmod(handle, 0o644)
