"""A TOML file and SAFETY_EDGE_* variables -> `Settings`, or an error that names the key and the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from ada_url import URL

from proxy.execute_source import execute_from
from proxy.providers.bedrock import bedrock_url
from proxy.providers.dialects import DIALECTS, HOSTS
from proxy.settings import (
    APPROVAL_WAIT,
    SOCKET_PATH_BYTES,
    WAIT_LIMIT,
    ControlSettings,
    EgressSettings,
    EngineSettings,
    HubSettings,
    Provider,
    Settings,
    ShadowSettings,
    TelemetrySettings,
)
from safety_core.canonical import Json, JsonObject
from safety_core.edge.files import read_toml
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.flow.interlock import Interlock
from safety_core.model.policy import GRACE_SECONDS
from safety_core.model.secret import secret_name
from safety_core.model.tool_call import AgentId
from safety_core.wire.connections import connections_from
from safety_core.wire.reader import Reader, parse_json
from safety_core.wire.signed import tenant_id

PREFIX: Final = "SAFETY_EDGE_"
PROVIDER_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""A provider's name is the first segment of its path at the egress."""

_KINDS: Final[Mapping[str, type]] = {
    "home": str,
    "tenant": str,
    "workspace": str,
    "root": str,
    "approval_wait": float,
    "policy_grace": float,
    "hub.url": str,
    "hub.bundle_poll": float,
    "hub.decisions_poll": float,
    "hub.usage_flush": float,
    "hub.heartbeat": float,
    "hub.orders": float,
    "hub.secret_names": bool,
    "hub.doctor": list,
    "engine.kind": str,
    "engine.url": str,
    "engine.deadline": float,
    "shadow.bundle": str,
    "shadow.report": str,
    "shadow.deadline": float,
    "control.socket": str,
    "control.port": int,
    "control.token_file": str,
    "egress.host": str,
    "egress.port": int,
    "egress.require_plugin": list,
    "egress.interlock": str,
    "egress.providers": dict,
    "egress.forward_port": int,
    "execute.confine": str,
    "execute.writable": list,
    "execute.hidden": list,
    "execute.sockets": list,
    "execute.memory": int,
    "execute.processes": int,
    "execute.file_size": int,
    "execute.network": bool,
    "execute.secrets_in_arguments": bool,
    "telemetry.access_log": bool,
    "telemetry.otlp": str,
    "telemetry.private_hosts": list,
    "connections": dict,
    "clients": dict,
}
"""Every key, with the type that its environment variable is read as."""

_FIELDS: Final = ("base_url", "key_secret", "dialect", "private", "region")
"""Of one provider."""

VARIABLES: Final[Mapping[str, str]] = {PREFIX + key.upper().replace(".", "_"): key for key in _KINDS}
"""Environment variable -> key."""

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that are this machine."""

_SEE_HELP: Final = "see `safety edge --help`"


def load_settings(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the checked settings; a variable wins over the file.

    Raises:
        InputError: a key is unknown, missing or wrong, or the file cannot be read.
    """
    tree = read_toml(file) if file else {}
    for name, text in environ.items():
        if name.startswith(PREFIX):
            _put(tree, name, text)
    try:
        _refuse_unknown(tree)
        return _settings(Reader(tree, "edge"), Home.default(environ).path)
    except InputError as error:
        key = error.thing.removeprefix("edge").removeprefix(".")
        variable = PREFIX + key.upper().replace(".", "_")
        where = f"{file or 'a file given by --config'}" + (f" or by {variable}" if variable in VARIABLES else "")
        thing = f"setting {key}" if key else "settings"
        raise InputError(thing, error.reason, error.fix or f"set it in {where}") from error


def _refuse_unknown(tree: JsonObject) -> None:
    """Name a misspelt key before anything is missed for it."""
    known = {part for key in _KINDS for part in (key, key.partition(".")[0])}
    for name, below in tree.items():
        inner = [f"{name}.{key}" for key in below] if isinstance(below, dict) and _KINDS.get(name) is not dict else []
        for key in (name, *inner):
            if key not in known:
                near = get_close_matches(key, known, 1)
                raise InputError(f"edge.{key}", "is not a known setting", f"write {near[0]}" if near else _SEE_HELP)


def _put(tree: JsonObject, variable: str, text: str) -> None:
    key = VARIABLES.get(variable)
    if key is None:
        raise InputError(variable, "is not a known setting", _SEE_HELP)
    *parents, last = key.split(".")
    for parent in parents:
        below = tree.setdefault(parent, {})
        if not isinstance(below, dict):
            raise InputError(f"setting {parent}", "must be a table")
        tree = below
    tree[last] = _parsed(variable, text, _KINDS[key])


def _parsed(variable: str, text: str, kind: type) -> Json:
    try:
        if kind in {int, float}:
            return cast("Json", kind(text))
    except ValueError as error:
        raise InputError(variable, "must be a number") from error
    return parse_json(text, variable) if kind in {dict, list, bool} else text


def _settings(source: Reader, default_home: Path) -> Settings:
    home = _absolute(source, "home", default_home)
    settings = Settings(
        home=home,
        tenant=tenant_id(source.text("tenant")),
        workspace=str(_absolute(source, "workspace")),
        root=_absolute(source, "root", home / "root.json"),
        hub=_hub(_section(source, "hub")),
        engine=_engine(_section(source, "engine")),
        shadow=_shadow(_section(source, "shadow"), home),
        control=_control(_section(source, "control"), home),
        egress=_egress(_section(source, "egress")),
        clients=_clients(_section(source, "clients")),
        approval_wait=_seconds(source, "approval_wait", APPROVAL_WAIT, below=WAIT_LIMIT, zero=True),
        policy_grace=_seconds(source, "policy_grace", GRACE_SECONDS, below=30 * 86400.0, zero=True),
        telemetry=_telemetry(_section(source, "telemetry")),
        execute=execute_from(_section(source, "execute")),
        connections=connections_from(_section(source, "connections")),
    )
    source.done()
    return settings


def _hub(source: Reader) -> HubSettings:
    default = HubSettings()
    settings = HubSettings(
        url=_url(source, "url") if source.text("url", "") else "",
        bundle_poll=_seconds(source, "bundle_poll", default.bundle_poll),
        decisions_poll=_seconds(source, "decisions_poll", default.decisions_poll, below=120.0),
        usage_flush=_seconds(source, "usage_flush", default.usage_flush),
        heartbeat=_seconds(source, "heartbeat", default.heartbeat),
        orders=_seconds(source, "orders", default.orders),
        secret_names=source.flag("secret_names", default.secret_names),
        doctor=source.texts("doctor", ()),
    )
    source.done()
    return settings


def _engine(source: Reader) -> EngineSettings:
    default = EngineSettings()
    kind = source.text("kind", default.kind)
    if kind not in {"embedded", "opa"}:
        raise InputError("edge.engine.kind", 'must be "embedded" or "opa"')
    url = _url(source, "url") if kind == "opa" or source.text("url", "") else ""
    settings = EngineSettings(kind, url, _seconds(source, "deadline", default.deadline, below=60.0))
    source.done()
    return settings


def _shadow(source: Reader, home: Path) -> ShadowSettings:
    bundle = _absolute(source, "bundle") if source.has("bundle") else None
    default = ShadowSettings(_absolute(source, "report", home / "shadow.jsonl"), bundle)
    settings = replace(default, deadline=_seconds(source, "deadline", default.deadline, below=60.0))
    source.done()
    return settings


def _control(source: Reader, home: Path) -> ControlSettings:
    socket = _absolute(source, "socket", home / "edge.sock")
    if len(str(socket).encode()) > SOCKET_PATH_BYTES:
        raise InputError(
            "edge.control.socket",
            f"is longer than {SOCKET_PATH_BYTES} bytes",
            "choose a shorter path, such as /run/safety/edge.sock",
        )
    port = source.integer("port", minimum=0, maximum=65535) if source.has("port") else None
    token = _absolute(source, "token_file") if source.has("token_file") else None
    if port is not None and token is None:
        raise InputError(
            "edge.control.token_file", "is missing, and a TCP port without a token is open to everybody on the machine"
        )
    source.done()
    return ControlSettings(socket, port, token)


def _egress(source: Reader) -> EgressSettings:
    listed = _section(source, "providers")
    providers = {name: _provider(name, listed.object(name)) for name in listed.keys()}  # noqa: SIM118
    default = EgressSettings()
    settings = EgressSettings(
        host=source.text("host", default.host, limit=255),
        port=source.integer("port", default.port, maximum=65535),
        require_plugin=tuple(AgentId(name) for name in source.texts("require_plugin", ())),
        interlock=_interlock(source, default.interlock),
        providers=MappingProxyType(providers),
        forward_port=source.integer("forward_port", maximum=65535) if source.has("forward_port") else None,
    )
    source.done()
    return settings


def _interlock(source: Reader, default: Interlock) -> Interlock:
    value = source.text("interlock", default.value)
    if value not in set(Interlock):
        raise InputError("edge.egress.interlock", 'must be "enforce", "observe" or "off"')
    return Interlock(value)


def _provider(name: str, source: Reader) -> Provider:
    if not PROVIDER_NAME.fullmatch(name):
        raise InputError(f"edge.egress.providers.{name}", "must be named in lower-case letters, digits and dashes")
    _refuse_unknown_field(source)
    dialect = _dialect(name, source)
    base_url = _base_url(source, dialect)
    local = base_url == HOSTS.get(dialect) and base_url.startswith("http:")
    private = source.flag("private", default=local)
    if not private and URL(base_url).protocol != "https:":
        fix = "write https://, or private = true if the provider is in this network"
        raise InputError(f"{source.path}.base_url", "must begin with https://, for prompts and keys travel on it", fix)
    key = secret_name(source.text("key_secret")) if source.has("key_secret") else None
    settings = Provider(name, dialect, base_url, key, private)
    source.done()
    return settings


def _refuse_unknown_field(source: Reader) -> None:
    for field in source.keys():  # noqa: SIM118
        if field not in _FIELDS:
            near = get_close_matches(field, _FIELDS, 1)
            fix = f"write {near[0]}" if near else f"its settings are {', '.join(_FIELDS)}"
            raise InputError(f"{source.path}.{field}", "is not a known setting", fix)


def _base_url(source: Reader, dialect: str) -> str:
    if dialect == "bedrock" and not source.has("base_url"):
        if not source.has("region"):
            raise InputError(f"{source.path}.region", "is missing", 'write region = "eu-central-1", or a base_url')
        return bedrock_url(source.text("region"), f"{source.path}.region")
    if source.has("region"):
        fix = "leave one of them out; a host that does not tell its region has it in the key's JSON"
        reason = "stands in place of base_url" if dialect == "bedrock" else "is for bedrock alone"
        raise InputError(f"{source.path}.region", reason, fix if dialect == "bedrock" else "leave it out")
    if dialect not in HOSTS and not source.has("base_url"):
        raise InputError(f"{source.path}.base_url", "is missing", 'write base_url = "https://llm.example/v1"')
    return _url(source, "base_url") if source.has("base_url") else HOSTS[dialect]


def _dialect(name: str, source: Reader) -> str:
    dialect = source.text("dialect", name)
    if dialect in DIALECTS:
        return dialect
    near = get_close_matches(dialect, DIALECTS, 1, 0.7)
    fix = f'write dialect = "{near[0]}"' if near else """write dialect = "compatible", if it speaks OpenAI's API"""
    raise InputError(f"{source.path}.dialect", f"must be one of {', '.join(DIALECTS)}", fix)


def _telemetry(source: Reader) -> TelemetrySettings:
    hosts = source.texts("private_hosts", ())
    otlp = _url(source, "otlp") if source.text("otlp", "") else ""
    url = URL(otlp) if otlp else None
    if url and url.protocol != "https:" and url.hostname not in {*LOOPBACK, *hosts}:
        fix = "write https://, or list its host in telemetry.private_hosts if the collector is in this network"
        raise InputError("edge.telemetry.otlp", "must begin with https://, for who asks what model goes there", fix)
    settings = TelemetrySettings(source.flag("access_log", default=True), otlp)
    source.done()
    return settings


def _clients(source: Reader) -> Mapping[str, str]:
    clients = {name: source.text(name).lower() for name in source.keys()}  # noqa: SIM118
    for name, value in clients.items():
        if len(value) != 64 or set(value) - set("0123456789abcdef"):
            raise InputError(
                f"edge.clients.{name}",
                "must be the sha256 of the client's token in 64 hexadecimal digits",
                "write what `tr -d '\\n' < TOKEN_FILE | sha256sum` prints",
            )
    if len(set(clients.values())) < len(clients):
        raise InputError("edge.clients", "has one token under two names", "draw a token for each client")
    return MappingProxyType(clients)


def _section(source: Reader, name: str) -> Reader:
    return source.object(name) if source.has(name) else Reader({}, f"edge.{name}")


def _absolute(source: Reader, name: str, default: Path | None = None) -> Path:
    value = Path(source.text(name, None if default is None else str(default)))
    if not value.is_absolute():
        raise InputError(_path(source, name), "must be an absolute path")
    return value


def _url(source: Reader, name: str) -> str:
    value = source.text(name)
    try:
        url = URL(value)
        plain = url.protocol in {"http:", "https:"} and not (url.username or url.password or url.search or url.hash)
    except ValueError:
        plain = False
    if not plain:
        raise InputError(_path(source, name), "must be http(s)://host[:port][/path], without a user, query or fragment")
    return value.rstrip("/")


def _seconds(source: Reader, name: str, default: float, *, below: float = 86400.0, zero: bool = False) -> float:
    value = source.number(name, default)
    if not (0 <= value < below) or (value == 0 and not zero):
        raise InputError(_path(source, name), f"must lie {'from' if zero else 'above'} 0 and below {below:g} seconds")
    return value


def _path(source: Reader, name: str) -> str:
    return f"{source.path}.{name}"
