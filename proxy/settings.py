"""The settings of the edge, with their defaults and examples.
What is not marked as required may be left out.

    home = "/var/lib/safety"          # default: $SAFETY_HOME, else ~/.safety
    tenant = "acme"                   # as in the signed policy [required]
    workspace = "/srv/agent"          # base of relative paths [required]
    root = "/etc/safety/root.json"    # pinned root; default: <home>/root.json
    approval_wait = 60                # seconds a call waits, below 300
    policy_grace = 259200             # seconds a policy outlasts its expiry

    [hub]                             # leave out to run without a hub
    url = "https://hub.example"       # where the hub is
    bundle_poll = 30                  # seconds between looks for a new policy
    decisions_poll = 5                # seconds between looks for answers
    usage_flush = 10                  # seconds between deliveries of usage
    heartbeat = 30                    # seconds between signs of life
    orders = 30                       # seconds between looks for orders
    secret_names = true               # tell names (never values) of secrets
    doctor = []                       # what the order "doctor" runs, such as
                                      # ["sudo", "-n", "safety-doctor"]

    [engine]
    kind = "embedded"                 # or "opa": a remote Open Policy Agent
    url = ""                          # of that agent
    deadline = 5.0                    # seconds until a call is refused

    [shadow]                          # a candidate that decides nothing
    bundle = "/etc/safety/new.tar.gz" # leave out for none; need not be signed
    report = "/var/log/shadow.jsonl"  # default: <home>/shadow.jsonl
    deadline = 0.5                    # seconds the candidate has for a call

    [control]
    socket = "/run/safety/edge.sock"  # default: <home>/edge.sock, mode 0600
    port = 8101                       # also on loopback TCP; needs token_file
    token_file = "/etc/safety/control.token"  # what callers there show

    [egress]
    host = "127.0.0.1"                # where clients ask their models
    port = 8100                       # 0 = choose one
    require_plugin = ["main"]         # no model without their plugin
    interlock = "enforce"             # or "observe": log it; "off"
    forward_port = 8102               # other software's proxy; default: none

    [egress.providers.openai]         # a table for each provider
    base_url = "https://api.openai.com"  # default: the dialect's own host
    key_secret = "OPENAI_API_KEY"     # name of the secret in the vault
    dialect = "openai"                # which API; left out: its name says
    private = false                   # true: in this network, plain http
    # dialects: openai, anthropic, gemini, ollama, bedrock, mistral, cohere,
    # deepseek, groq, openrouter, azure; compatible: any of OpenAI's kind
    # bedrock: region = "eu-central-1" says where, in place of base_url

    [connections.shop_db]             # a service that agents may use
    adapter = "sql"                   # a kind that the signed policy knows
    target = "postgresql://db.example:5432/shop"  # where it is
    user = "agent"                    # who we are there
    private = false                   # true: it lies in this network
    secrets = { password = "SHOP_DB_PASSWORD" }  # slot = name in the vault
    options = { read_only = true }    # what else that kind knows

    [execute]                         # what agents' commands may do
    confine = "enforce"               # or "off": what the edge's user may
    writable = ["/srv/builds"]        # beside workspace, /tmp, /var/tmp
    hidden = []                       # what they are not to see, either
    sockets = []                      # let them speak to /run/docker.sock:
                                      # then they are root on this machine
    memory = 2048                     # MiB for one command and its children
    processes = 512                   # of one command
    file_size = 4096                  # MiB that a file may grow to
    network = true                    # false: none at all
    secrets_in_arguments = false      # true: where `ps` shows them

    [telemetry]
    access_log = true                 # a log line for each exchange
    otlp = ""                         # spans: "http://127.0.0.1:4318"
    private_hosts = []                # of collectors without https

    [clients]                         # name = sha256 of its egress token
    agent = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

Every key can be set by the environment instead: SAFETY_EDGE_ and the key in
capitals, dots as underscores (SAFETY_EDGE_HUB_URL). Lists and tables
(`egress.providers`, `connections`, `clients`) are then JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from safety_core.flow.interlock import Interlock
from safety_core.model.connection import NONE, Connections
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId, TenantId

APPROVAL_WAIT: Final = 60.0
"""Seconds that a call waits for a quick answer, unless the settings say otherwise."""

WAIT_LIMIT: Final = 300.0
"""Seconds; OpenClaw aborts a hook that waits longer."""

SOCKET_PATH_BYTES: Final = 107
"""What fits into sockaddr_un with its final zero."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Where the hub is and how often it is spoken to, in seconds. An empty `url` means: no hub.

    For policy, answers and orders the hub says when there is something; while it cannot, they are looked for so often.

    Attributes:
        secret_names: heartbeats name the secrets that people have registered.
        doctor: the command that an order of the hub runs, word by word, with nothing of the hub's in it; empty: none.
    """

    url: str = ""
    bundle_poll: float = 30.0
    decisions_poll: float = 5.0
    usage_flush: float = 10.0
    heartbeat: float = 30.0
    orders: float = 30.0
    secret_names: bool = True
    doctor: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Which policy engine judges: "embedded" or "opa" (then at `url`).

    Attributes:
        deadline: seconds. Honest rules take milliseconds; the rest is for a machine that is busy with other things, on
            which a tight deadline would refuse calls for no reason a person could see.
    """

    kind: str = "embedded"
    url: str = ""
    deadline: float = 5.0


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """A candidate policy that judges beside the one in force, and where it says what it would do otherwise.

    Attributes:
        bundle: None for no candidate.
        deadline: seconds that it has for one call.
    """

    report: Path
    bundle: Path | None = None
    deadline: float = 0.5


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Where the plugin asks. `port` None: the Unix socket only."""

    socket: Path
    port: int | None = None
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """One LLM provider that prompts may go to.

    Attributes:
        name: first segment of its path at the egress, and its name in usage and audit ("openai").
        dialect: which API it speaks, a name in `proxy.providers.dialects.DIALECTS`.
        base_url: scheme, host and an optional path in front of "/v1/...", without a final slash.
        key_secret: name of the vault entry that holds its key; None where it needs none.
        private: its address may be loopback or private, and its URL plain http.
    """

    name: str
    dialect: str
    base_url: str
    key_secret: SecretName | None
    private: bool = False


@dataclass(frozen=True, slots=True)
class EgressSettings:
    """Where prompts come in, and where they may go.

    Attributes:
        require_plugin: agents whose requests must be stood behind by their plugin.
        interlock: what becomes of a request that is not.
        forward_port: of the forward proxy on loopback; None for none.
    """

    host: str = "127.0.0.1"
    port: int = 8100
    require_plugin: tuple[AgentId, ...] = ()
    interlock: Interlock = Interlock.ENFORCE
    providers: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    forward_port: int | None = None


@dataclass(frozen=True, slots=True)
class ExecuteSettings:
    """What agents' commands may do and use up; `safety_core.edge.confine` holds them to it.

    Attributes:
        confine: False: whatever the edge's user may.
        writable: absolute paths that they write below, beside the workspace and the temporary folders.
        hidden: absolute paths that are not there for them, beside the edge's own.
        sockets: services that start programs for whoever asks, which they may ask all the same.
        memory: MiB of one command and all that it starts; `file_size`: MiB of one file.
        secrets_in_arguments: a program may have a secret among its arguments, where every user of the machine sees it.
    """

    confine: bool = True
    writable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    memory: int = 2048
    processes: int = 512
    file_size: int = 4096
    network: bool = True
    secrets_in_arguments: bool = False


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What is told of exchanges, besides the counters: nothing of it is content.

    Attributes:
        otlp: base URL of an OpenTelemetry collector that takes OTLP over HTTP; empty: no spans are made.
    """

    access_log: bool = True
    otlp: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the edge can be told. `clients`: name -> sha256 of its egress token, hexadecimal."""

    home: Path
    tenant: TenantId
    workspace: str
    root: Path
    hub: HubSettings
    engine: EngineSettings
    shadow: ShadowSettings
    control: ControlSettings
    egress: EgressSettings
    clients: Mapping[str, str]
    approval_wait: float
    policy_grace: float
    telemetry: TelemetrySettings = TelemetrySettings()
    execute: ExecuteSettings = ExecuteSettings()
    connections: Connections = field(default_factory=lambda: NONE)
