"""`safety policy release`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import click

from safety_core.bundle.archive import pack
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.overlay import tenants_in
from safety_core.bundle.roles import Release
from safety_core.bundle.sign import public_pem, sign_files
from safety_core.bundle.trust import Update
from safety_core.canonical import Json, JsonObject
from safety_core.cli.hub import hub_option, read_token, token_option
from safety_core.cli.policy.publish import TOKEN
from safety_core.cli.policy.screen import counted, say
from safety_core.cli.policy.seam import FOLDER, compiled, keys_option, policies_option, proved, sources_of
from safety_core.cli.policy.shipping import Author, Line, complete, same_rules
from safety_core.edge import clock
from safety_core.edge.files import read_input
from safety_core.edge.publisher import HubRelease, PublisherClient
from safety_core.edge.signing_keys import BUNDLE_KEY
from safety_core.errors import InputError, RefusedError, SafetyError, UnavailableError
from safety_core.wire.signed import tenant_id

RENEW_SECONDS: Final = 12 * 3600.0
"""What waits is given a new timestamp once it has less than this left."""

ENDED: Final = frozenset({"done", "abandoned"})

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_WAVE: Final = re.compile(
    r"(?:(?P<percent>[0-9]{1,3})%|(?P<tenants>[a-z0-9_,-]+))(?::(?P<count>[0-9]{1,7})(?P<unit>[smhd]?))?"
)


@click.command(short_help="Build, sign and stage bundles for many tenants, to go out in waves.")
@click.argument("name")
@policies_option
@keys_option
@click.option(
    "--repositories", type=FOLDER, required=True, help="The publisher's own copies, a folder for each tenant."
)
@hub_option
@token_option(TOKEN, "safety hub publisher add-for-all")
@click.option(
    "--tenant", "tenants", multiple=True, help="Only these; by default all that have a file in policies/tenants/NAME."
)
@click.option("--wave", "waves", multiple=True, help='"acme,globex:1h", "10%:4h", "100%"; in order.  [default: 100%]')
@click.option("--start", is_flag=True, help="Let the first wave go as soon as everything is staged.")
@click.option("--continue", "going", is_flag=True, help="NAME is the id of a release: go on where it stopped.")
def release(name: str, policies: Path | None, keys: Path, repositories: Path, **given: object) -> int:
    """Build and sign a bundle for each tenant, and stage all of them at the hub as one release NAME.

    \b
    safety policy release spring --policies policies --keys KEYS
        --repositories DIR --hub URL --wave acme:1h --wave 10%:4h --wave 100%
    safety policy release ID --continue ...   where it stopped; and twice a day

    Each bundle is compiled with the tenant's overlay and checked as its edge would. Nothing reaches an edge before its
    wave. With --continue what is staged already is left alone; what has less than half a day left gets a new timestamp;
    what the hub has put in place becomes the author's own. Exit status 1 if any tenant could not be served.
    """
    asked = _Asked(**given)  # type: ignore[arg-type]
    if not asked.going:  # before the hub has heard of it
        _wanted(asked, sources_of(policies))
    with PublisherClient(asked.hub, read_token(asked.token_file, TOKEN)) as hub:
        found = hub.show(name) if asked.going else hub.make(name, [wave_of(text) for text in asked.waves or ("100%",)])
        say(f"release {found.id}")
        work = Shipment(hub, found, Author(keys), repositories)
        if not asked.going or found.state == "staging":
            if asked.going and policies is None:  # the base policy would take the place of what was staged
                raise InputError("--policies", "is not given", "name the folder that the release is made of")
            sources = sources_of(policies)
            work.ship(sources, _wanted(asked, sources))
        work.look_after()
        if asked.start and found.state == "staging" and not work.failed:
            hub.act(found.id, "start")
        for line in report(hub.show(found.id)):
            say(line)
    return 1 if work.failed else 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options, beside those that name folders."""

    hub: str
    token_file: Path | None
    tenants: tuple[str, ...]
    waves: tuple[str, ...]
    start: bool
    going: bool


def _wanted(asked: _Asked, sources: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the tenants that are named, or those that have something of their own.

    Raises:
        InputError: there are none.
    """
    tenants = tuple(map(tenant_id, asked.tenants)) or tenants_in(sources)
    if not tenants:
        raise InputError("release", "names no tenant", "give --tenant, or put a file into policies/tenants/NAME")
    return tenants


@dataclass
class Shipment:
    """One release on its way to the hub. `failed`: tenants that could not be served."""

    hub: PublisherClient
    release: HubRelease
    author: Author
    repositories: Path
    failed: list[str] = field(default_factory=list)

    def line(self, tenant: str) -> Line:
        """Return the tenant's repository on this machine."""
        return Line(self.repositories / tenant, tenant, self.release.id)

    def ship(self, sources: Mapping[str, bytes], tenants: Sequence[str]) -> None:
        """Build, sign and stage for each tenant that is not staged yet. The rules are proved once for all."""
        settle(self.hub, self.repositories, tenants)
        base = proved(sources)[1]
        private = read_input(self.author.keys / BUNDLE_KEY)
        with click.progressbar(tenants, label="building and staging", hidden=not _watched()) as shown:
            for tenant in shown:
                bundle = self._built(sources, tenant, base, private)
                if not self._is_there(tenant, bundle):
                    self.send(tenant, partial(Line.make, author=self.author, release=bundle))

    def look_after(self) -> None:
        """Renew what waits and runs out; take over what the hub has put in place."""
        for tenant, waiting in self.hub.show(self.release.id).tenants.items():
            if waiting.state == "placed":
                self.line(tenant).adopt()
            elif waiting.expires < clock.now() + RENEW_SECONDS and self.line(tenant).waiting():
                self.send(tenant, partial(Line.renew, author=self.author))

    def _built(self, sources: Mapping[str, bytes], tenant: str, base: TrustedBundle, private: bytes) -> Release:
        files, bundle = compiled(sources, tenant)
        if not same_rules(bundle, base):
            proved(sources, tenant)
        archive = pack(sign_files(files, private, scope=tenant))
        return Release(tenant, bundle.revision, archive, public_pem(private))

    def _is_there(self, tenant: str, bundle: Release) -> bool:
        """Tell whether the tenant needs nothing: the same revision waits at the hub, or has been in force before."""
        line, waiting = self.line(tenant), self.release.tenants.get(tenant)
        if waiting is not None and waiting.state != "failed":
            return waiting.state == "placed" or (waiting.revision == bundle.revision and bool(line.waiting()))
        newest = next(iter(line.released()), None)
        return newest is not None and newest.target.revision == bundle.revision

    def send(self, tenant: str, make: Callable[[Line], Update]) -> None:
        """Make a publication and stage it. What is wrong with one tenant holds up no other; a hub that is away does."""
        line = self.line(tenant)
        try:
            self.hub.stage(self.release.id, tenant, complete(line, make(line)))
        except SafetyError as error:
            if isinstance(error, UnavailableError) and not isinstance(error, RefusedError):
                raise
            line.drop()
            self.failed.append(tenant)
            click.echo(f"{tenant}: {error}", err=True)


def settle(hub: PublisherClient, repositories: Path, tenants: Sequence[str]) -> None:
    """Take over what earlier releases have put in place, and let go of what they never will."""
    seen: dict[str, HubRelease] = {}
    for tenant in tenants:
        for name in Line(repositories / tenant, tenant).releases():
            found = seen.get(name) or hub.show(name)
            seen[name] = found
            waiting, line = found.tenants.get(tenant), Line(repositories / tenant, tenant, name)
            if waiting is not None and waiting.state == "placed":
                line.adopt()
            elif found.state in ENDED:
                line.drop()


def wave_of(text: str) -> JsonObject:
    """Return a wave as the hub reads it: "10%:4h", or "acme,globex:30m"."""
    found = _WAVE.fullmatch(text)
    if found is None:
        raise InputError("--wave", f"{text!r} is no wave", 'write "10%:4h" or "acme,globex:30m"')
    names: list[Json] = [*filter(None, (found["tenants"] or "").split(","))]
    soak = int(found["count"] or 0) * _UNITS[found["unit"] or ""]
    return {"tenants": names, "soak": soak} if names else {"percent": int(found["percent"]), "soak": soak}


def report(found: HubRelease) -> Iterator[str]:
    """Yield how a release stands, line by line."""
    yield f"{found.name}: {found.state}{f', {found.reason}' if found.reason else ''}"
    for number, (staged, placed, failed) in enumerate(found.waves, start=1):
        if staged or placed or failed:
            yield f"  wave {number}: {placed} in place, {staged} to come{f', {failed} failed' if failed else ''}"
    if found.state == "staging":
        yield f"  {counted(len(found.tenants), 'tenant')} staged; start it with --continue --start, or at the console"
    for item in found.tenants.values():
        if item.note:
            yield f"  {item.tenant}: {item.note}"
        elif item.state == "staged" and item.expires < clock.now():
            yield f"  {item.tenant}: its timestamp has expired; renew it with --continue"


def _watched() -> bool:
    return sys.stderr.isatty()
