"""presidio-analyzer: its own recognisers for English that are made of patterns, without a language model, and a
deny list of the registered secrets."""

from importlib.metadata import version
from typing import Any

from presidio_analyzer import PatternRecognizer, RecognizerRegistry


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        self.recognizers = [it for it in registry.recognizers if isinstance(it, PatternRecognizer)]
        if secrets:
            self.recognizers.append(PatternRecognizer(supported_entity="SECRET", deny_list=[*secrets.values()]))

    def facts(self) -> dict[str, Any]:
        return {"version": version("presidio-analyzer"), "recognisers": len(self.recognizers)}

    def prepare(self, raw: str) -> str:
        return raw

    def scan(self, message: str) -> None:
        for recognizer in self.recognizers:
            recognizer.analyze(message, recognizer.supported_entities, None)

    def cleaned(self, message: str) -> str:
        found = [it for one in self.recognizers for it in one.analyze(message, one.supported_entities, None)]
        text = message
        for value in {message[it.start : it.end] for it in found}:
            text = text.replace(value, "")
        return text
