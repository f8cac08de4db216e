"""Providers' keys in openclaw.json and in its environment: where they stand, and out of there into the vault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.tree import found, found_table
from safety_core.cli.openclaw.wish import owner
from safety_core.model.secret import SecretName, SecretValue, secret_name

VARIABLES: Final = re.compile(
    r"(OPENAI|AZURE_OPENAI|ANTHROPIC|OPENROUTER|GEMINI|GOOGLE|GROQ|XAI|MISTRAL|DEEPSEEK|TOGETHER|CEREBRAS|MOONSHOT"
    r"|MINIMAX|ZAI|OLLAMA|COHERE|FIREWORKS|HF|HUGGINGFACE|COPILOT_GITHUB|AI_GATEWAY|OPENCODE)_(API_KEY|OAUTH_TOKEN|AUTH_TOKEN|TOKEN)"
)
"""Variables that OpenClaw takes a provider's key from."""

_MARKER: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}|([A-Z][A-Z0-9_]*)")
"""How an apiKey names a variable of the environment, instead of being one."""


def take_key(
    name: str, slug: str, entry: JsonObject, keys: dict[SecretName, SecretValue], notes: list[str]
) -> SecretName:
    """Take a provider's key out of its entry, and return under which name the vault must hold it.

    Args:
        slug: the edge's name for the provider.
        keys: gets the key, where it stands in the entry.
        notes: gets what a person has to do, where it does not.
    """
    default = secret_name(re.sub(r"[^A-Z0-9]+", "_", f"{slug}_API_KEY".upper()))
    value = entry.pop("apiKey", None)
    if isinstance(value, str) and value and (marker := _MARKER.fullmatch(value)):
        key = secret_name(str(marker[1] or marker[2]).lstrip("_"))
        notes.append(f"the key of {name} is the variable {key}: move it from OpenClaw's environment to the vault")
        return key
    if isinstance(value, str) and value:
        keys[default] = SecretValue(value)
    elif value is not None:
        notes.append(f"the key of {name} is a SecretRef: put that key into the vault as {default}")
    return default


def keyless(api: str, base_url: str, entry: JsonObject) -> bool:
    """Tell whether a provider needs no key, and forget what OpenClaw was told in place of one: an Ollama at home."""
    value = entry.get("apiKey")
    named = isinstance(value, str) and (value == "ollama-local" or _MARKER.fullmatch(value) is not None)
    if api != "ollama" or not base_url.startswith("http:") or not (value is None or named):
        return False
    entry.pop("apiKey", None)
    return True


def take_variables(tree: JsonObject, keys: dict[SecretName, SecretValue]) -> None:
    """Take providers' keys out of the variables, which every command of the agent would see."""
    variables = found_table(tree, "env", "vars")
    for name in [name for name in variables if VARIABLES.fullmatch(name)]:
        value = variables.pop(name)
        if isinstance(value, str) and value:
            keys.setdefault(secret_name(name), SecretValue(value))


def copies_with_keys(copies: Mapping[str, JsonObject]) -> tuple[str, ...]:
    """Return the names of those copies of a configuration in which a provider's key stands."""
    return tuple(name for name, tree in copies.items() if held_keys(tree))


def held_keys(tree: JsonObject) -> list[str]:
    """Return where a provider's key stands in a configuration, or may come from the environment."""
    held: list[str] = []
    for name, entry in found_table(tree, "models", "providers").items():
        place = f"models.providers.{name}"
        if found(entry, "apiKey") is not None and owner(entry) is None:
            held.append(f"{place}.apiKey")
        held += [f"{place}.{part}" for part in ("headers", "auth") if found(entry, part) is not None]
        held += [f"{place}.request.{part}" for part in ("headers", "auth") if found(entry, "request", part) is not None]
    held += [f"env.vars.{name}" for name in found_table(tree, "env", "vars") if VARIABLES.fullmatch(name)]
    return held
