"""Plans: what an adapter can run, with every secret still a reference.

A plan never holds a value. The adapter that runs it receives the values beside it and puts them where the child reads
them: environment, standard input, a header. Never into a plan, an error or a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from safety_core.canonical import JsonObject
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName


@dataclass(frozen=True, slots=True)
class ShellPlan:
    """A command line for a shell. References in it stand as `SECRET_REF(name)`.

    Attributes:
        cwd: absolute path of the folder it runs in.
        refs: every secret that occurs in any of its texts.
        timeout: seconds.
        env: further environment variables, which may hold references: the place where no command line shows them.
    """

    command: str
    cwd: str
    refs: tuple[SecretName, ...]
    timeout: float
    stdin: str = ""
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ArgvPlan:
    """A program with its arguments, no shell in between. Fields as in `ShellPlan`."""

    argv: tuple[str, ...]
    cwd: str
    stdin: str
    refs: tuple[SecretName, ...]
    timeout: float
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file operation inside the workspace: "read", "write", "edit" or "append".

    Attributes:
        path: as the call gives it, absolute or relative to the workspace. The adapter follows it, links included, and
            refuses what ends outside.
        content: what is written or appended; for an edit, what replaces `old`.
    """

    operation: str
    workspace: str
    path: str
    content: str
    old: str
    refs: tuple[SecretName, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """How a request gets into a service that the operator has connected.

    Attributes:
        connection: its name.
        private: it may lie on this machine or in its network.
        basic: user, and the secret that is the password (RFC 7617).
        signed: the secret with which the body is signed (Standard Webhooks).
        ca: path of the authority's certificate that the service's is checked by; empty for those of the system.
    """

    connection: str
    private: bool = False
    basic: tuple[str, SecretName] | None = None
    signed: SecretName | None = None
    ca: str = ""


@dataclass(frozen=True, slots=True)
class HttpPlan:
    """One HTTP request.

    Attributes:
        keyed: it carries an `Idempotency-Key`, by which its service does one act once.
        access: of a connected service; None for a request to whatever host the call names.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    refs: tuple[SecretName, ...]
    timeout: float
    keyed: bool = False
    access: Access | None = None


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One operation of a connected service, which a child process carries out.

    Attributes:
        operation: as the adapter calls it ("query", "send"), or as the service itself does.
        arguments: those of the call, without `connection` and `timeout`; may hold references.
        refs: the secrets that the arguments refer to, and those that open the connection.
        workspace: absolute path, where files that an argument names must lie; empty where there is none.
    """

    adapter: str
    connection: Connection
    operation: str
    arguments: JsonObject
    refs: tuple[SecretName, ...]
    timeout: float
    workspace: str = ""


Plan: TypeAlias = ShellPlan | ArgvPlan | FilePlan | HttpPlan | ServicePlan
