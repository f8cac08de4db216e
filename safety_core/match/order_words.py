"""The words by which `safety_core.match.instructions` knows that a text speaks to a model. Data; nothing is done here.

They are phrases that take back, command or impersonate. A word alone ("ignore", "system", "execute") stands in every
manual and is never enough. All are in lower case, as the text is in which they are looked for; what follows a word
or a gap is counted so that no text takes long (`safety_core.match.phrases`): `++` gives nothing back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safety_core.match.phrases import LINE, MARK, SITE, TAG, Chain, Gap, Phrases

_AI: Final = r"(?:ai models?|ai agents?|ai|llm|language models?|assistants?|agents?|chatbots?|copilots?)"
_LAW: Final = (
    r"(?:instructions?|directives?|prompts?|guidelines?|programming|commands?|orders|rules?|messages?|conversation"
    r"|context|constraints?|training)"
)
_KEPT: Final = (
    r"(?:/etc/(?:passwd|shadow)|~/\.\w|\.ssh/|\bid_(?:rsa|ed25519)\b|\.aws/credentials|\bsystem prompt"
    r"|\b(?:chat|conversation) (?:history|context)\b|\bprivate keys?\b|\bsession (?:tokens?|cookies?)\b"
    r"|\b(?:all|any|their|its) (?:of )?(?:the |your )?(?:stored |available |known )?(?:api keys?|credentials|secrets"
    r"|passwords|tokens|environment variables)\b)"
)
"""What nobody asks for in passing."""

_FILES: Final = r"(?:/etc/(?:passwd|shadow)|\.ssh\b|\bid_(?:rsa|ed25519)\b|\.aws\b"
_AROUND: Final = 400
"""Characters that a phrase spans at the most; so long may words and options be that have no end of their own."""

PASSES_OVER: Final = "tells a model to pass over what it was told"
_ABROAD: Final = "tells a model so in another language"
_PART: Final = "gives a model another part to play"
AS_SYSTEM: Final = "speaks as a system or a person would"
_BY_KIND: Final = "speaks to a model by its kind"
_KEEPS: Final = "asks a model for what it keeps"
_SENDS: Final = "has a command for a model that sends out secrets"
_CALLS: Final = "tells a model which tool to call"
HIDES: Final = "tells a model to hide something"
HIDDEN_FROM: Final = "tells somebody to hide something from a person"

_LINE_80, _LINE_120 = Gap(80, "\n"), Gap(120, "\n")

_SPOKEN: Final = (
    Chain(
        PASSES_OVER,
        r"\b(?:ignore|disregard|forget|overrule|do not (?:follow|obey)|don't (?:follow|obey)|stop (?:following|obeying)"
        r"|pay no attention to)\s++(?:(?:all|any|the|of|your|my|our|these|those|every|each|other|what|such|everything"
        r"|in|from|this|that|and|completely)\s++){0,4}?(?:previous|prior|above|earlier|preceding|existing|original"
        r"|initial|former|system|safety|your|developer'?s?)\s++(?:\w++[\s,]++){0,3}?" + _LAW + r"\b",
    ),
    Chain(
        PASSES_OVER,
        r"\b(?:override|bypass|discard|replace)\s++(?:\w++\s++){0,2}?(?:previous|prior|above|earlier|preceding"
        r"|original|your|safety)\s++(?:\w++\s++){0,2}?(?:instructions?|directives?|prompts?|guidelines?|programming"
        r"|safety)\b",
    ),
    Chain(
        PASSES_OVER,
        r"\b(?:ignore|disregard|forget) (?:everything|all|anything)(?: that| which)?(?: was| were| has been| you were"
        r"| you have been| you've been| i)? ?(?:above|before|previously|said|told|written|taught|been told)\b",
    ),
    Chain(
        PASSES_OVER,
        r"\b(?:ignore|forget|disregard) your (?:\w++ )?(?:rules|guidelines|instructions|training|restrictions)\b",
    ),
    Chain(
        PASSES_OVER,
        r"\b(?:safety|security) (?:checks?|rules|guidelines|filters?|protocols?|restrictions) (?:are|have been|is)"
        r" (?:now )?(?:disabled|suspended|lifted|off\b|removed|overridden)",
    ),
    Chain(
        PASSES_OVER,
        r"\b(?:these|following|new) instructions? (?:supersede|override|replace|take (?:precedence|priority) over)\b",
    ),
    Chain(
        _ABROAD,
        r"\bignor(?:a|e|ez|iere?|ieren sie|i)\s++(?:\w++\s++)?(?:todas|las|toutes|les|ces|vos|tes|alle|die|deine|ihre"
        r"|tutte|le|todas as|as)\s++(?:\w++\s++){0,3}?"
        r"(?:instrucciones|instructions|anweisungen|istruzioni|instruções|befehle)\b",
    ),
    Chain(_ABROAD, r"忽略.{0,8}(?:之前|以上|先前|前面|所有).{0,8}(?:指令|指示|说明|提示)"),
    Chain(_ABROAD, r"(?:以前|これまで|前|上記)の.{0,8}(?:指示|命令).{0,8}無視"),
    Chain(_ABROAD, rf"игнорируй\w{{0,{_AROUND}}}+\s++(?:\w++\s++){{0,3}}?(?:инструкции|указания)"),
    Chain(_ABROAD, r"이전.{0,8}(?:지시|명령|지침).{0,8}무시"),
    Chain(
        _PART,
        r"\byou(?:'re| are) now (?:in |an? |the |operating (?:in|as) |acting as |entering )?(?:\w++ ){0,3}?(?:mode\b"
        r"|dan\b|unrestricted|jailbroken|unfiltered|uncensored|free (?:of|from)\b|root\b|admin|(?:evil|malicious"
        r"|helpful|different|new) \w)",
    ),
    Chain(
        _PART,
        r"\byou (?:(?:now|hereby) have|have been granted) (?:\w++ ){0,2}?(?:full|complete|elevated|unrestricted"
        r"|unlimited|root|admin\w*+|total|special|superuser|system|maximum) (?:\w++ ){0,2}?(?:access|privileges?"
        r"|permissions?|rights|clearance|authority|control)\b",
    ),
    Chain(
        _PART,
        r"\b(?:pretend|imagine)(?: that)? you(?:'re| are) [^.\n]{0,40}?(?:\bdan\b|\bai\b"
        r"|\bwithout (?:any )?(?:restrictions|rules|limits|filters)|\bno (?:restrictions|rules))",
    ),
    Chain(
        _PART,
        r"\b(?:act|behave|respond|pretend) as (?:if you (?:have|had) no|though you (?:have|had) no"
        r"|an? (?:unrestricted|unfiltered|jailbroken|uncensored))\b",
    ),
    Chain(
        _PART,
        r"\byour (?:new|real|true|actual|updated) (?:task|goal|objective|purpose|instructions?|role|mission)"
        r" (?:is|are)\b",
    ),
    Chain(AS_SYSTEM, r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id)\|>"),
    Chain(AS_SYSTEM, r"<<sys>>"),
    Chain(
        AS_SYSTEM,
        LINE + r"(?:system|admin\w*+|developer)\s*+:",
        (
            (
                Gap(40, "\n"),
                r"\b(?:new (?:directive|instructions?|task)|you are now|ignore|disregard|override)\b",
            ),
        ),
    ),
    Chain(
        AS_SYSTEM,
        MARK + r"(?:system|admin(?:istrator)?|developer|root)(?: (?:message|notice|override|instructions?|directive"
        r"|prompt|update|alert|note|command))?\s*+[\])>*]*\s*+[:\]>]\s*+",
        (
            (
                _LINE_80,
                r"\b(?:new (?:directive|instructions?|task)|you (?:must|are now|will|now)|ignore|disregard|override"
                r"|execute|transfer|forward|send|reveal|call the)\b",
            ),
        ),
    ),
    Chain(AS_SYSTEM, r"\bbegin system prompt\b"),
    Chain(
        AS_SYSTEM,
        r"\b(?:important|urgent|critical|new) (?:system|admin\w*+|developer) (?:message|notice|override|instructions?"
        r"|directive|alert|command)\s*+:",
        (
            (
                _LINE_120,
                r"\b(?:must|ignore|disregard|override|execute|transfer|forward|send|reveal|call the|provide)\b",
            ),
        ),
    ),
    Chain(
        AS_SYSTEM,
        LINE + r"human\s{0,4}+:[^\n]{0,200}+\n{1,4}+\s{0,20}+assistant\s*+:[^\n]{0,60}?\bi(?:'ll| will| have)\b",
    ),
    Chain(
        AS_SYSTEM,
        r"\bnew (?:system )?(?:directives?|instructions?) (?:received|issued|follow|from (?:the )?(?:system|admin"
        r"|operator|user|developer))",
    ),
    Chain(
        AS_SYSTEM,
        TAG + r"(?:system|instructions?|hidden|secret|admin)[\w-]*+\s*+>",
        ((Gap(200, "\n"), r"\b(?:you must|you are|ignore|do not|execute|send)\b"),),
    ),
    *(
        Chain(
            _BY_KIND,
            r"\b(?:attention|important|notice|note|instructions?|message|directive|reminder|hey|dear|hello)\b"
            r"[\s:,!-]{0,10}+(?:(?:to|for)\s{1,4}+)?(?:all |any |the )?" + _AI + more,
            (
                (
                    gap,
                    r"\b(?:must|should|please|ignore|disregard|you|do not|need to|are required|have to|shall)\b",
                ),
            ),
        )
        for more, gap in (
            (
                r" (?:readers?|systems?|crawlers?|processing|reading|parsing|summari[sz]ing)\b",
                Gap(180, "\n"),
            ),
            (r"[\s:,!-]{1,10}+", _LINE_120),
        )
    ),
    Chain(_BY_KIND, r"\bif you(?:'re| are) (?:an? |the )?" + _AI + r"\b"),
    Chain(
        _BY_KIND,
        r"\b(?:any|all) " + _AI + r" (?:reading|processing|parsing|that reads?|who reads?|visiting|summari[sz]ing)",
    ),
    Chain(
        _BY_KIND,
        r"\b(?:note|message|memo|notice|attention|instructions?) (?:to|for) (?:the |all |any )?"
        + _AI
        + r"\b[^.\n:]{0,20}+:",
    ),
    Chain(
        _BY_KIND,
        r"\bthe (?:assistant|ai|ai agent|ai assistant|llm|language model) (?:must|should|needs? to|has to|shall"
        r"|is required to) (?:now |first |immediately )?"
        r"(?:provide|send|reveal|forward|submit|ignore|visit|transfer|disclose|append|execute)\b",
    ),
    Chain(_BY_KIND, r"\bas an? " + _AI + r",? you (?:must|should|need|have|are required)\b"),
    Chain(
        _BY_KIND,
        r"\b(?:assistant|ai agent|ai)[,:] (?:please |you |now |do |ignore|execute|call|send|run|read|fetch)",
    ),
    Chain(
        _KEEPS,
        r"\b(?:reveal|print|output|repeat|show|display|disclose|leak|tell me|share|dump|include|return|append|provide) "
        r"(?:\w++ ){0,3}?(?:your|the) (?:\w++ )?(?:system prompt|hidden instructions|initial instructions"
        r"|original instructions|system message|secret instructions)\b",
    ),
    Chain(
        _KEEPS,
        r"\b(?:send|post|upload|forward|e-?mail|exfiltrate|transmit|leak|output|append|prepend|attach|include|pass"
        r"|submit|encode|read|print|dump|retrieve|collect|extract)\b",
        (
            (Gap(60, ".\n"), _KEPT),
            (
                Gap(100, "\n"),
                SITE,
                r"\b(?:to|with|in|into|as) (?:the |your |this |an? )?(?:\w++@|attacker|query|parameter"
                r"|argument|request|response|body|following|result|tool|url|endpoint|webhook|server|reply|answer"
                r"|output)",
            ),
        ),
    ),
    Chain(
        _KEEPS,
        r"\b(?:output|print|reveal|show me|display|exfiltrate|leak|steal|read out)\b",
        ((Gap(30, ".\n"), r"\bcontents? of\b"), (Gap(20, ".\n"), _KEPT)),
    ),
    Chain(
        _SENDS,
        r"\b(?:curl|wget|nc|invoke-webrequest|fetch)\b",
        (
            (
                Gap(200, "\n"),
                "[@`]++",
                r"\$\(|<\(",
                rf"--data\S{{0,{_AROUND}}}+ @?",
                rf"--post-file\S{{0,{_AROUND}}}+\s",
            ),
            (Gap(60, "\n"), _FILES + r"|\.env\b|\bprintenv\b|\benv\b\s*+[|)`]|\.netrc\b|\.kube\b)"),
        ),
    ),
    Chain(
        _SENDS,
        r"\b(?:cat|base64|tar|zip)\b",
        (
            (Gap(60, "\n"), _FILES + r")[^|\n]{0,80}+\|"),
            (Gap(40, "\n"), r"\b(?:curl|wget|nc|netcat|socat)\b"),
        ),
    ),
    Chain(
        _CALLS,
        r"\b(?:you (?:must|need to|have to|should|are required to|shall)|(?:please )?(?:immediately|now|next|then"
        r"|first)|mandatory|required|in order to (?:continue|proceed|complete))\b",
        (
            (Gap(60, ".\n"), r"\b(?:call|invoke|use|execute|run|trigger)\b"),
            (Gap(50, ".\n"), r"(?:\b|_)(?:tools?|functions?)\b"),
            (_LINE_120, SITE, r"\bwith\b|\bto (?:send|post|read|upload|forward|delete|transfer)"),
        ),
    ),
    Chain(
        _CALLS,
        r"\byou must (?:now|immediately) (?:execute|run|call|send|delete|transfer|visit|submit|provide|forward)\b",
    ),
    Chain(
        _CALLS,
        r"\buse (?:the |your )?[\w-]++ tool to (?:send|forward|post|upload|transfer|delete|e-?mail|export|wire)\b",
    ),
    Chain(
        _CALLS,
        r"\b(?:execute|run) (?:the following|this|these) (?:shell |bash |system )?(?:commands?|scripts?|code)"
        r" (?:immediately|now|without|silently|at once)\b",
    ),
)
"""What content says, and what it is then."""

_HIDDEN: Final = (
    r"\b(?:tell|telling|mention|mentioning|inform|informing|show|reveal|revealing|notify|notifying|alert|alerting|let"
    r"|disclos\w++|ask|asking)\b"
)
_PERSON: Final = r"\b(?:user|person|human|operator|anyone|anybody)\b"


def hiding(why: str, without: str, *more: tuple[Gap, str]) -> Chain:
    """Return the chain of words that tell somebody to hide something, with none of some marks between them."""
    return Chain(
        why,
        r"\b(?:do not|don't|never|without)\b",
        ((Gap(20, without), _HIDDEN), (Gap(40, without), _PERSON), *more),
    )


_ADDRESSED: Final = (
    hiding("leads elsewhere", "\n", (Gap(160, "\n"), SITE)),
    Chain("speaks to a model", rf"\b{_AI}\b", ((Gap(300, "\n"), r"\b(?:you|must|tool)\b"),)),
    Chain("speaks of a model", r"\byou (?:must|are)\b", ((Gap(300, "\n"), rf"\b{_AI}\b"),)),
)
"""What makes it a model that hides something from a person, where it stands near such words."""

CONTENT: Final = Phrases((*_SPOKEN, hiding(HIDDEN_FROM, "\n")))
ADDRESSED: Final = Phrases(_ADDRESSED)

# fmt: off
ANCHORS: Final[Mapping[str, tuple[str, ...]]] = {
    "tells a model to pass over what it was told": (
        "ignor", "disregard", "forget", "overr", "not follow", "n't follow", "not obey", "n't obey",
        "stop following", "stop obeying", "pay no attention", "bypass", "discard", "replace", "supersede",
        "take prec", "take prio", "safety ", "security ",
    ),
    "tells a model so in another language": (
        "ignor", "忽略", "無視", "игнор", "무시",
    ),
    "gives a model another part to play": (
        "you are now", "you're now", "now have", "been granted", "pretend", "imagine", "hereby have", "as if you",
        "as though you", "as a", "your new", "your real", "your true", "your actual", "your updated",
    ),
    "speaks as a system or a person would": (
        "<|", "<<sys", "system", "admin", "developer", "root", "new directive", "human",
        "instruction", "hidden", "secret",
    ),
    "speaks to a model by its kind": (
        " ai", "\nai", "(ai", "[ai", ">ai", "llm", "language model", "assistant", "agent", "chatbot", "copilot",
    ),
    "asks a model for what it keeps": (
        "/etc/", "~/.", ".ssh/", "id_rsa", "id_ed25519", ".aws", "system prompt", " instructions", "system message",
        "history", "context", "private key", "session ", "api key", "credential", "secrets", "password", "tokens",
        "environment var",
    ),
    "has a command for a model that sends out secrets": (
        "/etc/", ".ssh", "id_rsa", "id_ed25519", ".aws", ".env", "printenv", "env", ".netrc", ".kube",
    ),
    "tells a model which tool to call": (
        "tool", "you must now", "you must imm", "function", "following", "run this", "run these", "execute this",
        "execute these",
    ),
    HIDES: (
        "do not", "don't", "never", "without",
    ),
}
# fmt: on
"""Why -> in lower case: whatever its pattern finds stands near one of these."""
