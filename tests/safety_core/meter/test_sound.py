"""What of a response is sound, wherever its provider counts that."""

from __future__ import annotations

import pytest

from safety_core.canonical import JsonObject
from safety_core.meter.tally import Tally

GEMINI: JsonObject = {
    "usageMetadata": {
        "promptTokenCount": 500,
        "cachedContentTokenCount": 90,
        "candidatesTokenCount": 40,
        "totalTokenCount": 540,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 300}, {"modality": "AUDIO", "tokenCount": 200}, 7],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 50}, {"modality": "TEXT", "tokenCount": "?"}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 30}],
    }
}
CHAT: JsonObject = {
    "usage": {
        "prompt_tokens": 500,
        "completion_tokens": 40,
        "prompt_tokens_details": {"cached_tokens": 90, "audio_tokens": 200},
        "completion_tokens_details": {"audio_tokens": 30},
    }
}
REALTIME: JsonObject = {
    "type": "response.done",
    "response": {
        "usage": {
            "total_tokens": 540,
            "input_tokens": 500,
            "output_tokens": 40,
            "input_token_details": {
                "cached_tokens": 90,
                "text_tokens": 300,
                "audio_tokens": 200,
                "cached_tokens_details": {"text_tokens": 40, "audio_tokens": 50},
            },
            "output_token_details": {"text_tokens": 10, "audio_tokens": 30},
        }
    },
}


@pytest.mark.parametrize(("document", "read"), [(GEMINI, 50), (CHAT, 0), (REALTIME, 50)])
def test_it_is_a_part_of_what_it_belongs_to(document: JsonObject, read: int) -> None:
    tally = Tally()
    tally.add(document)
    usage = tally.usage()
    assert usage is not None
    assert (usage.input_total, usage.output_total, usage.cache_read) == (500, 40, 90)
    assert (usage.audio_input, usage.audio_output, usage.audio_read) == (200, 30, read)
