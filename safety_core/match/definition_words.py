"""The words by which `safety_core.match.instructions` holds the definition of a tool to be suspicious. Data, as in
`safety_core.match.order_words`, and more of it: a person looks at what is found.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.match.order_words import AS_SYSTEM, HIDES, PASSES_OVER, hiding
from safety_core.match.phrases import TAG, Chain, Gap, Phrases

_AROUND: Final = 400
_ELSE: Final = "wants to be taken instead of other tools"
_BESIDE: Final = "says what to do before or beside this tool"
_RUNS: Final = "has a command to run, or somewhere to send to"
_FIRST: Final = "wants to come before others"
_SHELL: Final = r"(?:\bcurl\b|\bwget\b|\brm -|\bpowershell\b|\beval\b|\bbash -c)"

_SUSPICIOUS: Final = (
    Chain(
        PASSES_OVER,
        r"\b(?:ignore|disregard|forget|override)\b",
        (
            (Gap(40), r"\b(?:previous|prior|above|earlier|other|all|system|safety)\b"),
            (Gap(30), r"\b(?:instruction|prompt|message|rule|guideline|tool)"),
        ),
    ),
    hiding(HIDES, ""),
    Chain(HIDES, r"\b(?:silently|secretly|covertly|in the background)\b"),
    Chain(AS_SYSTEM, TAG + r"(?:important|system|instructions?|secret|hidden)\s*+>"),
    Chain(AS_SYSTEM, r"(?:\[/?inst\]|<\|im_)"),
    Chain(AS_SYSTEM, r"\b(?:system prompt|you (?:are now|must now))\b"),
    Chain(
        _BESIDE,
        r"\b(?:before|after|whenever|every time)\b",
        ((Gap(30), r"\b(?:using|calling|use|call|invok\w++)\b"), (Gap(30), r"\btools?\b")),
    ),
    Chain(_BESIDE, r"\b(?:always|must|first)\b", ((Gap(20), r"\bcall\b"), (Gap(30), r"\b(?:first|before|tool)"))),
    Chain(_ELSE, r"\bpreferred tool\b"),
    Chain(
        _ELSE,
        r"\b(?:always|must|only)\b",
        ((Gap(20), r"\b(?:use|prefer|choose|select|call)\b"), (Gap(10), r"\bthis\b")),
    ),
    Chain(
        _ELSE,
        r"\b(?:instead of|rather than|in place of)\b",
        ((Gap(40), r"\b(?:tools?|built-?in|default|native|standard|other)\b"),),
    ),
    Chain(
        _ELSE,
        r"\b(?:supersedes?|replaces?|overrides?|deprecates?|takes? (?:priority|precedence) over)\b",
        ((Gap(60), r"\b(?:tools?|functions?|capabilit\w++|built-?in|default|all other)"),),
    ),
    Chain(
        _ELSE,
        r"\b(?:do not|don't|never)\b",
        ((Gap(10), r"\b(?:use|call|trust)\b"), (Gap(30), r"\b(?:other|any|built-?in|default)\b")),
    ),
    Chain(
        "wants what is none of its business",
        r"\b(?:pass|include|send|add|append|prepend|put|provide|attach|embed|copy|forward|supply|read)\b",
        (
            (
                Gap(50),
                r"\b(?:all|full|entire|complete|whole|previous) (?:\w++ )?(?:file|conversation|chat|message|history"
                r"|context|prompt)",
                r"\b(?:contents? of|conversation|chat history|environment variables?|api[_ -]?keys?"
                r"|credentials?|secrets?|access tokens?|session tokens?|passwords?|system prompt)",
            ),
        ),
    ),
    Chain(
        "names where secrets are",
        r"(?:~/\.|\bid_(?:rsa|ed25519)\b|\.ssh\b|\.aws\b|/etc/(?:passwd|shadow)|\bmcp\.json\b|(?<![\w.])\.env\b"
        r"|\bprivate keys?\b|\bpasswords? of\b|\bcredentials? files?\b)",
    ),
    Chain(_RUNS, r"\b(?:execute|run|invoke)\b", ((Gap(20), _SHELL),)),
    Chain(_RUNS, r"(?:(?<=\|)|(?<=\| ))\b(?:ba|z)?sh\b"),
    Chain(
        _RUNS,
        r"\b(?:send|post|upload|forward|transmit|report|copy|exfiltrate)\b",
        ((Gap(80), rf"\bto\s++(?:https?://|[\w.+-]{{1,{_AROUND}}}+@)"),),
    ),
    Chain(
        _FIRST,
        r"\b(?:always|must)\b",
        ((Gap(20), r"\b(?:route|send|delegate|forward|pass|defer)\b"), (Gap(60), r"\b(?:this|me)\b")),
    ),
    Chain(
        _FIRST,
        r"\bignore\b",
        ((Gap(20), r"\b(?:other|all)\b"), (Gap(20), r"\b(?:agents?|tools?|servers?)")),
    ),
)
"""What a definition says, and what that looks like; content may say it."""


DEFINITION: Final = Phrases(_SUSPICIOUS)
ENCODED: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{200}")
"""A long run of encoded text: in a definition, nothing that it says."""
