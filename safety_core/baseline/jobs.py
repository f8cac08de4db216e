"""Is a file one of jobs and deployments, and how is it read.

By its name and folder; a Kubernetes manifest may have any name, so that its first lines say what it is.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from safety_core.baseline.assignments import assigned_settings
from safety_core.baseline.json5 import MalformedError
from safety_core.baseline.setting import Setting
from safety_core.baseline.tree import json_settings, yaml_settings


class Form(Enum):
    """How a file is read."""

    YAML = "YAML"
    JSON = "JSON"
    LINES = "lines"
    MANIFEST = "YAML, if it is a Kubernetes manifest"


_YAML: Final = (
    r"\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml",
    r"action\.ya?ml",
    r"[\w.-]*\.gitlab-ci\.ya?ml",
    r"\.circleci/[^/]+\.ya?ml",
    r"azure-pipelines[\w.-]*\.ya?ml",
    r"bitbucket-pipelines\.ya?ml",
    r"\.(?:travis|drone|woodpecker|appveyor|cirrus)\.ya?ml",
    r"(?:appveyor|buildspec|cloudbuild|fly|render|serverless|skaffold)\.ya?ml",
    r"\.(?:buildkite|woodpecker|tekton)/[^/]+\.ya?ml",
    r"(?:docker-)?compose[\w.-]*\.ya?ml",
    r"(?:[\w.-]*(?:chart|helm|deploy|k8s|kube|argo|flux)[\w.-]*)/(?:.+/)?values[\w.-]*\.ya?ml",
    r"(?:group|host)_vars/.+",
    r"roles/[^/]+/(?:vars|defaults|tasks|handlers)/[^/]+\.ya?ml",
    r"playbooks?/.+\.ya?ml",
    r"(?:site|inventory|playbook[\w-]*)\.ya?ml",
    r"(?:cloud-init|user-data)[\w.-]*\.ya?ml",
)
_JSON: Final = (
    r"openclaw[\w.-]*\.json5?",
    r"\.openclaw/.+\.json5?",
    r"[\w.-]+\.(?:tfvars|tf)\.json",
    r"(?:ecs-)?task-?def(?:inition)?[\w.-]*\.json",
    r"\.?mcp\.json",
    r"(?:claude_desktop_config|appsettings[\w.-]*|vercel|now|netlify)\.json",
    r"(?:docker-)?compose[\w.-]*\.json",
)
_LINES: Final = (
    r"Jenkinsfile[\w.-]*",
    r"[\w.-]+\.jenkinsfile",
    r"\.?crontab[\w.-]*",
    r"cron\.(?:d|hourly|daily|weekly|monthly)/[^/]+",
    r"[\w@.-]+\.(?:cron|service|timer|socket|container|tfvars|tf)",
    r"[\w@.-]+\.(?:service|socket|timer)\.d/[^/]+\.conf",
    r"(?:inventory|hosts)(?:\.ini)?",
    r"ansible\.cfg",
    r"(?:fly|netlify|wrangler|Procfile)\.toml",
    r"(?:Dockerfile|Containerfile)[\w.-]*",
    r"\.env(?:\.[\w.-]+)?",
    r"[\w.-]+\.env",
)


def _any(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:.*/)?(?:{'|'.join(names)})")


_FORMS: Final = ((Form.YAML, _any(_YAML)), (Form.JSON, _any(_JSON)), (Form.LINES, _any(_LINES)))
_MAYBE: Final = re.compile(r".*\.ya?ml")
_MANIFEST: Final = re.compile(r"^apiVersion:[ \t]*\S[^\n]*$(?:.*?)^kind:[ \t]*\S", re.MULTILINE | re.DOTALL)
_REVERSED: Final = re.compile(r"^kind:[ \t]*\S[^\n]*$(?:.*?)^apiVersion:[ \t]*\S", re.MULTILINE | re.DOTALL)
_SAMPLE: Final = re.compile(r"(?:.*/)?[\w.-]*\.(?:example|sample|template|dist|tmpl|j2|tpl)(?:\.\w+)?")


def form_of(path: str) -> Form | None:
    """Return how the file of this path is read, None where it is no job's. Samples to be filled in are none."""
    if _SAMPLE.fullmatch(path):
        return None
    for form, names in _FORMS:
        if names.fullmatch(path):
            return form
    return Form.MANIFEST if _MAYBE.fullmatch(path) else None


def is_manifest(text: str) -> bool:
    """Say whether a YAML text is a Kubernetes manifest."""
    return bool(_MANIFEST.search(text) or _REVERSED.search(text))


def settings_of(form: Form, text: str) -> list[Setting]:
    """Return what is set in a text. One that is not of its form is read line by line: templates often are."""
    try:
        if form is Form.JSON:
            return json_settings(text)
        return assigned_settings(text) if form is Form.LINES else yaml_settings(text)
    except MalformedError:
        return assigned_settings(text)
