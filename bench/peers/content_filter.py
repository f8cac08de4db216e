"""LiteLLM's content filter: its five credential patterns, and the registered secrets as blocked words, to be masked.

Asked below its asynchronous hook, so without LiteLLM's own work around it.
"""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its price list is not fetched

from importlib.metadata import version
from typing import Any

from litellm.proxy.guardrails.guardrail_hooks.litellm_content_filter.content_filter import ContentFilterGuardrail
from litellm.types.guardrails import BlockedWord, ContentFilterAction, ContentFilterPattern

CREDENTIALS = ("aws_access_key", "aws_secret_key", "github_token", "slack_token", "generic_api_key")


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        mask = ContentFilterAction.MASK
        self.filter = ContentFilterGuardrail(
            guardrail_name="bench",
            patterns=[
                ContentFilterPattern(pattern_type="prebuilt", pattern_name=it, action=mask) for it in CREDENTIALS
            ],
            blocked_words=[BlockedWord(keyword=value, action=mask) for value in secrets.values()],
        )

    def facts(self) -> dict[str, Any]:
        return {"version": version("litellm")}

    def prepare(self, raw: str) -> str:
        return raw

    def scan(self, message: str) -> None:
        self.filter._filter_single_text(message)

    def cleaned(self, message: str) -> str:
        return str(self.filter._filter_single_text(message))
