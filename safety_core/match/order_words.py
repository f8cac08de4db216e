"""The words by which `safety_core.match.instructions` knows that a text speaks to a model. Data; nothing is done here.

They are phrases that take back, command or impersonate. A word alone ("ignore", "system", "execute") stands in every
manual and is never enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_AI: Final = r"(?:AI|LLM|language models?|AI models?|assistants?|AI agents?|agents?|chatbots?|copilots?)"
_LAW: Final = (
    r"(?:instructions?|directives?|prompts?|guidelines?|programming|commands?|orders|rules?|messages?|conversation"
    r"|context|constraints?|training)"
)
_KEPT: Final = (
    r"(?:/etc/(?:passwd|shadow)|~/\.\w|\.ssh/|\bid_(?:rsa|ed25519)\b|\.aws/credentials|\bsystem prompt"
    r"|\b(?:chat|conversation) (?:history|context)\b|\bprivate keys?\b|\bsession (?:tokens?|cookies?)\b"
    r"|\b(?:all|any|their|its) (?:of )?(?:the |your )?(?:stored |available |known )?(?:api keys?|credentials|secrets"
    r"|passwords|tokens"
    r"|environment variables)\b)"
)
"""What nobody asks for in passing."""

_SPOKEN: Final[Mapping[str, str]] = {
    "tells a model to pass over what it was told": (
        r"\b(?:ignore|disregard|forget|overrule|do not (?:follow|obey)|don't (?:follow|obey)|stop (?:following|obeying)"
        r"|pay no attention to)\s+(?:(?:all|any|the|of|your|my|our|these|those|every|each|other|what|such|everything"
        r"|in|from|this|that|and"
        r"|completely)\s+){0,4}?(?:previous|prior|above|earlier|preceding|existing|original|initial"
        r"|former|system|safety|your|developer'?s?)\s+(?:\w+[\s,]+){0,3}?" + _LAW + r"\b"
        r"|\b(?:override|bypass|discard|replace)\s+(?:\w+\s+){0,2}?(?:previous|prior|above|earlier|preceding"
        r"|original|your|safety)\s+(?:\w+\s+){0,2}?(?:instructions?|directives?|prompts?|guidelines?|programming"
        r"|safety)\b"
        r"|\b(?:ignore|disregard|forget) (?:everything|all|anything)(?: that| which)?(?: was| were| has been"
        r"| you were| you have been"
        r"| you've been| I)? ?(?:above|before|previously|said|told|written|taught|been told)\b"
        r"|\b(?:ignore|forget|disregard) your (?:\w+ )?(?:rules|guidelines|instructions|training|restrictions)\b"
        r"|\b(?:safety|security) (?:checks?|rules|guidelines|filters?|protocols?|restrictions) (?:are|have been|is)"
        r" (?:now )?(?:disabled|suspended|lifted|off\b|removed|overridden)"
        r"|\b(?:these|following|new) instructions? (?:supersede|override|replace|take (?:precedence|priority) over)\b"
    ),
    "tells a model so in another language": (
        r"\bignor(?:a|e|ez|iere?|ieren Sie|i)\s+(?:\w+\s+)?(?:todas|las|toutes|les|ces|vos|tes|alle|die|deine|Ihre"
        r"|tutte|le|todas as"
        r"|as)\s+(?:\w+\s+){0,3}?(?:instrucciones|instructions|anweisungen|istruzioni|instruções|befehle)\b"
        r"|忽略.{0,8}(?:之前|以上|先前|前面|所有).{0,8}(?:指令|指示|说明|提示)"
        r"|(?:以前|これまで|前|上記)の.{0,8}(?:指示|命令).{0,8}無視|игнорируй\w*\s+(?:\w+\s+){0,3}?(?:инструкции|указания)"
        r"|이전.{0,8}(?:지시|명령|지침).{0,8}무시"
    ),
    "gives a model another part to play": (
        r"\byou(?:'re| are) now (?:in |an? |the |operating (?:in|as) |acting as |entering )?(?:\w+ ){0,3}?(?:mode\b"
        r"|DAN\b"
        r"|unrestricted|jailbroken|unfiltered|uncensored|free (?:of|from)\b|root\b|admin\w*|(?:evil|malicious"
        r"|helpful|different|new)"
        r" \w+)"
        r"|\byou (?:(?:now|hereby) have|have been granted) (?:\w+ ){0,2}?(?:full|complete|elevated|unrestricted"
        r"|unlimited|root|admin\w*|total"
        r"|special|superuser|system|maximum) (?:\w+ ){0,2}?(?:access|privileges?|permissions?|rights|clearance"
        r"|authority|control)\b"
        r"|\b(?:pretend|imagine)(?: that)? you(?:'re| are) [^.\n]{0,40}?(?:\bDAN\b|\bAI\b"
        r"|\bwithout (?:any )?(?:restrictions|rules|limits"
        r"|filters)|\bno (?:restrictions|rules))"
        r"|\b(?:act|behave|respond|pretend) as (?:if you (?:have|had) no|though you (?:have|had) no"
        r"|an? (?:unrestricted|unfiltered"
        r"|jailbroken|uncensored))\b|\byour (?:new|real|true|actual|updated) (?:task|goal|objective|purpose"
        r"|instructions?"
        r"|role|mission) (?:is|are)\b"
    ),
    "speaks as a system or a person would": (
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id)\|>|<<SYS>>"
        r"|^\s{0,20}(?:system|admin\w*|developer)\s*:.{0,40}?\b(?:new (?:directive|instructions?|task)|you are now"
        r"|ignore|disregard|override)\b"
        r"|[\[<(>*#-]\s*/?(?:system|admin(?:istrator)?|developer|root)(?: (?:message|notice|override"
        r"|instructions?|directive"
        r"|prompt|update|alert|note|command))?\s*[\])>*]*\s*[:\]>]\s*.{0,80}?\b(?:new (?:directive|instructions?"
        r"|task)|you (?:must"
        r"|are now|will|now)|ignore|disregard|override|execute|transfer|forward|send|reveal|call the)\b"
        r"|\bBEGIN SYSTEM PROMPT\b|\b(?:important|urgent|critical|new) (?:system|admin\w*|developer) (?:message"
        r"|notice|override|instructions?|directive"
        r"|alert|command)\s*:.{0,120}?\b(?:must|ignore|disregard|override|execute|transfer|forward|send|reveal"
        r"|call the|provide)\b"
        r"|(?:^|\n)\s{0,20}Human\s{0,4}:[^\n]{0,200}\n{1,4}\s{0,20}Assistant\s*:[^\n]{0,60}\bI(?:'ll| will| have)\b"
        r"|\bnew (?:system )?(?:directives?|instructions?) (?:received|issued|follow|from (?:the )?(?:system|admin"
        r"|operator|user"
        r"|developer))"
        r"|<\s*/?\s*(?:system|instructions?|hidden|secret|admin)[\w_-]*\s*>.{0,200}?\b(?:you must|you are|ignore"
        r"|do not|execute|send)\b"
    ),
    "speaks to a model by its kind": (
        r"\b(?:attention|important|notice|note|instructions?|message|directive|reminder|hey|dear"
        r"|hello)\b[\s:,!-]{0,10}(?:(?:to|for)\s{1,4})?(?:all |any |the )?"
        + _AI
        + r"(?: (?:readers?|systems?|crawlers?|processing|reading|parsing"
        r"|summari[sz]ing)\b.{0,180}?|[\s:,!-]{1,10}.{0,120}?)\b(?:must|should|please|ignore|disregard|you|do not"
        r"|need to|are required|have to|shall)\b"
        r"|\bif you(?:'re| are) (?:an? |the )?"
        + _AI
        + r"\b|\b(?:any|all) "
        + _AI
        + r" (?:reading|processing|parsing|that reads?|who reads?|visiting|summari[sz]ing)"
        r"|\b(?:note|message|memo|notice|attention|instructions?) (?:to|for) (?:the |all |any )?"
        + _AI
        + r"\b[^.\n:]{0,20}:"
        r"|\bthe (?:assistant|AI|AI agent|AI assistant|LLM|language model) (?:must|should|needs? to|has to|shall"
        r"|is required to) (?:now |first |immediately )?"
        r"(?:provide|send|reveal|forward|submit|ignore|visit|transfer|disclose|append|execute)\b"
        r"|\bas an? " + _AI + r",? you (?:must|should|need|have|are required)\b"
        r"|\b(?:assistant|AI agent|AI)[,:] (?:please |you |now |do |ignore|execute|call|send|run|read|fetch)"
    ),
    "asks a model for what it keeps": (
        r"\b(?:reveal|print|output|repeat|show|display|disclose|leak|tell me|share|dump|include|return|append|provide) "
        r"(?:\w+ ){0,3}?(?:your|the) (?:\w+ )?(?:system prompt|hidden instructions|initial instructions"
        r"|original instructions"
        r"|system message|secret instructions)\b"
        r"|\b(?:send|post|upload|forward|e-?mail|exfiltrate|transmit|leak|output|append|prepend|attach|include|pass"
        r"|submit|encode"
        r"|read|print|dump|retrieve|collect|extract)\b[^.\n]{0,60}?"
        + _KEPT
        + r"[^\n]{0,100}?(?:https?://|\b(?:to|with|in|into|as) (?:the |your |this |an? )?(?:\w+@|attacker|query"
        r"|parameter|argument|request"
        r"|response|body|following|result|tool|url|endpoint|webhook|server|reply|answer|output))"
        r"|\b(?:output|print|reveal|show me|display|exfiltrate|leak|steal"
        r"|read out)\b[^.\n]{0,30}?\bcontents? of\b[^.\n]{0,20}?" + _KEPT
    ),
    "has a command for a model that sends out secrets": (
        r"\b(?:curl|wget|nc|Invoke-WebRequest|fetch)\b[^\n]{0,200}?(?:\$\(|`|<\(|@|--data\S* @?"
        r"|--post-file\S*\s)[^\n]{0,60}?(?:/etc/(?:passwd"
        r"|shadow)|\.ssh\b|\bid_(?:rsa|ed25519)\b|\.aws\b|\.env\b|\bprintenv\b|\benv\b\s*[|)`]|\.netrc\b|\.kube\b)"
        r"|\b(?:cat|base64|tar|zip)\b[^\n]{0,60}?(?:/etc/(?:passwd|shadow)|\.ssh\b|\bid_(?:rsa|ed25519)\b"
        r"|\.aws\b)[^|\n]{0,80}\|[^\n]{0,40}?"
        r"\b(?:curl|wget|nc|netcat|socat)\b"
    ),
    "tells a model which tool to call": (
        r"\b(?:you (?:must|need to|have to|should|are required to|shall)|(?:please )?(?:immediately|now|next|then"
        r"|first)|mandatory|required"
        r"|in order to (?:continue|proceed|complete))\b[^.\n]{0,60}?\b(?:call|invoke|use|execute|run"
        r"|trigger)\b[^.\n]{0,50}?(?:\b|_)"
        r"(?:tools?|functions?)\b[^\n]{0,120}?(?:https?://|\bwith\b|\bto (?:send|post|read|upload"
        r"|forward|delete|transfer))"
        r"|\byou must (?:now|immediately) (?:execute|run|call|send|delete|transfer|visit|submit|provide|forward)\b"
        r"|\buse (?:the |your )?[\w-]+ tool to (?:send|forward|post|upload|transfer|delete|e-?mail|export|wire)\b"
        r"|\b(?:execute|run) (?:the following|this|these) (?:shell |bash |system )?(?:commands?|scripts?"
        r"|code) (?:immediately|now|without"
        r"|silently|at once)\b"
    ),
}
"""Why -> what content that says it looks like."""

HIDES: Final = "tells a model to hide something"
_HIDING: Final = (
    r"\b(?:do not|don't|never|without)\b.{0,20}?\b(?:tell|telling|mention|mentioning|inform|informing|show|reveal"
    r"|revealing|notify|notifying|alert|alerting|let|disclos\w+|ask|asking)\b.{0,40}?\b(?:user|person|human|operator"
    r"|anyone|anybody)\b"
)

_SUSPICIOUS: Final = {
    "tells a model to pass over what it was told": (
        r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|other|all|system|safety)\b"
        r".{0,30}\b(?:instruction|prompt|message|rule|guideline|tool)"
    ),
    HIDES: _HIDING + r"|\b(?:silently|secretly|covertly|in the background)\b",
    "speaks as a system or a person would": (
        r"<\s*/?\s*(?:important|system|instructions?|secret|hidden)\s*>|\[/?INST\]|<\|im_|\bsystem prompt\b"
        r"|\byou (?:are now|must now)\b"
    ),
    "says what to do before or beside this tool": (
        r"\b(?:before|after|whenever|every time)\b.{0,30}\b(?:using|calling|use|call|invok\w+)\b.{0,30}\btools?\b"
        r"|\b(?:always|must|first)\b.{0,20}\bcall\b.{0,30}\b(?:first|before|tool)"
    ),
    "wants to be taken instead of other tools": (
        r"\bpreferred tool\b|\b(?:always|must|only)\b.{0,20}\b(?:use|prefer|choose|select|call)\b.{0,10}\bthis\b"
        r"|\b(?:instead of|rather than|in place of)\b.{0,40}\b(?:tools?|built-?in|default|native|standard|other)\b"
        r"|\b(?:supersedes?|replaces?|overrides?|deprecates?|takes? (?:priority|precedence) over)\b"
        r".{0,60}\b(?:tools?|functions?|capabilit\w+|built-?in|default|all other)"
        r"|\b(?:do not|don't|never)\b.{0,10}\b(?:use|call|trust)\b.{0,30}\b(?:other|any|built-?in|default)\b"
    ),
    "wants what is none of its business": (
        r"\b(?:pass|include|send|add|append|prepend|put|provide|attach|embed|copy|forward|supply|read)\b.{0,50}"
        r"\b(?:contents? of|(?:all|full|entire|complete|whole|previous) (?:\w+ )?(?:file|conversation|chat|message"
        r"|history|context"
        r"|prompt)|conversation|chat history|environment variables?|api[_ -]?keys?|credentials?|secrets?"
        r"|access tokens?|session"
        r" tokens?|passwords?|system prompt)"
    ),
    "names where secrets are": (
        r"~/\.|\bid_(?:rsa|ed25519)\b|\.ssh\b|\.aws\b|/etc/(?:passwd|shadow)|\bmcp\.json\b|(?<![\w.])\.env\b"
        r"|\bprivate keys?\b|\bpasswords? of\b|\bcredentials? files?\b"
    ),
    "has a command to run, or somewhere to send to": (
        r"\b(?:execute|run|invoke)\b.{0,20}(?:\bcurl\b|\bwget\b|\brm -|\bpowershell\b|\beval\b|\bbash -c)|\|\s*(?:ba"
        r"|z)?sh\b"
        r"|\b(?:send|post|upload|forward|transmit|report|copy|exfiltrate)\b.{0,80}\bto\s+(?:https?://|[\w.+-]+@)"
    ),
    "wants to come before others": (
        r"\b(?:always|must)\b.{0,20}\b(?:route|send|delegate|forward|pass|defer)\b.{0,60}\b(?:this|me)\b"
        r"|\bignore\b.{0,20}\b(?:other|all)\b.{0,20}\b(?:agents?|tools?|servers?)"
    ),
    "holds a long run of encoded text": r"[A-Za-z0-9+/=_-]{200,}",
}
"""Why -> what a definition that says it looks like; and all that content must not say."""


CONTENT: Final = {why: re.compile(words, re.IGNORECASE | re.MULTILINE) for why, words in _SPOKEN.items()}
DEFINITION: Final = {why: re.compile(words, re.IGNORECASE | re.DOTALL) for why, words in _SUSPICIOUS.items()}
HIDDEN_FROM: Final = re.compile(_HIDING, re.IGNORECASE)
ADDRESSED: Final = re.compile(
    rf"\b{_AI}\b.{{0,300}}?\b(?:you|must|tool)\b|{_HIDING}.{{0,160}}?https?://|\byou (?:must"
    rf"|are)\b.{{0,300}}?\b{_AI}\b",
    re.IGNORECASE,
)

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
        "<|", "<<sys", "system", "admin", "developer", "root", "new directive", "new instruction", "human",
        "instruction>", "instructions>", "hidden>", "secret>",
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
