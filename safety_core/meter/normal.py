"""Counts -> Usage. Providers differ in what includes what; the name of a field tells which way it is.

input      "prompt..." counts hold the cached tokens (OpenAI and its kin, Gemini, Ollama). "input..." counts do not
           where cache counts stand beside them (Anthropic, Bedrock), and do where these are given as details
           (OpenAI responses, xAI, DeepSeek).
output     holds the reasoning tokens, but for Gemini ("thoughts") and whoever's total shows that it does not (xAI).
tool use   Gemini counts what its own tools put into the prompt apart from the prompt; so do we.
"""

from __future__ import annotations

from typing import Final

from safety_core.meter.counts import Counts
from safety_core.model.usage import Usage

_PROMPT: Final = ("prompttokens", "prompttokencount", "promptevalcount", "inputtexttokencount")
_INPUT: Final = ("tokens.inputtokens", "inputtokens", "inputtokencount", "billedunits.inputtokens")
_OUTPUT: Final = (
    "completiontokens",
    "tokens.outputtokens",
    "outputtokens",
    "outputtokencount",
    "candidatestokencount",
    "responsetokencount",
    "evalcount",
    "generationtokencount",
    "billedunits.outputtokens",
)
_READ_WITHIN: Final = (
    "prompttokensdetails.cachedtokens",
    "inputtokensdetails.cachedtokens",
    "inputtokendetails.cachedtokens",
    "promptcachehittokens",
    "cachedcontenttokencount",
    "cachedtokens",
    "numcachedtokens",
)
_WRITE_WITHIN: Final = ("prompttokensdetails.cachewritetokens", "inputtokensdetails.cachewritetokens")
_READ_BESIDE: Final = ("cachereadinputtokens", "cachereadinputtokencount")
_WRITE_BESIDE: Final = ("cachecreationinputtokens", "cachewriteinputtokens", "cachewriteinputtokencount")
_WRITE_1H: Final = ("cachecreation.ephemeral1hinputtokens", "cachedetails.1h")
_REASONING: Final = (
    "completiontokensdetails.reasoningtokens",
    "outputtokensdetails.reasoningtokens",
    "outputtokensdetails.thinkingtokens",
    "thoughtstokencount",
    "reasoningtokens",
)
_AUDIO_IN: Final = (
    "prompttokensdetails.audiotokens",
    "inputtokensdetails.audiotokens",
    "inputtokendetails.audiotokens",
)
_AUDIO_OUT: Final = (
    "completiontokensdetails.audiotokens",
    "outputtokensdetails.audiotokens",
    "outputtokendetails.audiotokens",
    "candidatestokensdetails.audiotokens",
    "responsetokensdetails.audiotokens",
)
_AUDIO_READ: Final = (
    "inputtokendetails.cachedtokensdetails.audiotokens",
    "inputtokensdetails.cachedtokensdetails.audiotokens",
    "cachetokensdetails.audiotokens",
)
TOTAL: Final = ("totaltokens", "totaltokencount")


def normal_form(counts: Counts) -> Usage | None:
    """Return the usage that `counts` state, or None where they state none."""
    prompt, plain, output = (_first(counts, names) for names in (_PROMPT, _INPUT, _OUTPUT))
    total = _first(counts, TOTAL)
    if prompt is None and plain is None and output is None:
        return None if total is None else Usage(input_total=total)  # embeddings that state nothing else
    beside = prompt is None and not any(
        name.startswith(("inputtokensdetails.", "inputtokendetails.")) for name in counts
    )
    read = _first(counts, (*_READ_BESIDE, *_READ_WITHIN) if beside else (*_READ_WITHIN, *_READ_BESIDE)) or 0
    write = _first(counts, (*_WRITE_BESIDE, *_WRITE_WITHIN) if beside else (*_WRITE_WITHIN, *_WRITE_BESIDE)) or 0
    put = (prompt if prompt is not None else plain) or 0
    if beside:
        put += sum(_first(counts, names) or 0 for names in (_READ_BESIDE, _WRITE_BESIDE))
    reasoning = _first(counts, _REASONING) or 0
    tools = counts.get("tooluseprompttokencount", 0)
    return Usage(
        input_total=put,
        output_total=_with_reasoning(counts, put + tools, output or 0, reasoning, total),
        cache_read=read,
        cache_write=write,
        cache_write_1h=min(_first(counts, _WRITE_1H) or 0, write),
        reasoning=reasoning,
        tool_prompt=tools,
        audio_input=_first(counts, _AUDIO_IN) or 0,
        audio_output=_first(counts, _AUDIO_OUT) or 0,
        audio_read=_first(counts, _AUDIO_READ) or 0,
    )


def _with_reasoning(counts: Counts, put: int, output: int, reasoning: int, total: int | None) -> int:
    """Return the output, reasoning included. The total decides; without one, the provider's custom does."""
    apart = "thoughtstokencount" in counts
    if total == put + output:
        apart = False
    elif total == put + output + reasoning:
        apart = True
    return output + reasoning if apart else output


def _first(counts: Counts, names: tuple[str, ...]) -> int | None:
    return next((counts[name] for name in names if name in counts), None)
