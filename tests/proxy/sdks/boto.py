"""boto3, behind the same words as the others: Amazon Bedrock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

import boto3
import botocore.exceptions
from botocore.config import Config

from safety_core.cli.demo.model import Reply, Script
from tests.proxy.sdks.sdk import CLAUDE, PATIENT, SCHEMA, TOOL, Asked, Options, Sdk
from tests.simulators import bedrock, providers


class _Aws:
    """What Bedrock answers."""

    _KINDS: Final = {
        400: "ValidationException",
        429: "ThrottlingException",
        500: "InternalServerException",
        503: "ServiceUnavailableException",
    }

    def say(self, text: str) -> Script:
        return bedrock.Bedrock(text)

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> Script:
        return bedrock.Bedrock(call=arguments)

    def fail(self, status: int, message: str) -> Script:
        return lambda request: bedrock.refusal(status, self._KINDS[status], message)

    def embedding(self) -> Script:
        made = {"embedding": providers.NUMBERS, "inputTextTokenCount": 7}
        return lambda request: Reply(chunks=[json.dumps(made).encode()])


class Boto3(Sdk):
    status_error = refused = botocore.exceptions.ClientError
    time_out, broken = botocore.exceptions.ReadTimeoutError, botocore.exceptions.EventStreamError
    backend = _Aws()
    tools: Final[Any] = {"tools": [{"toolSpec": {"name": TOOL, "inputSchema": {"json": SCHEMA}}}]}

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        config = Config(
            retries={"total_max_attempts": options.retries + 1, "mode": "standard"},
            read_timeout=options.seconds,
            connect_timeout=PATIENT,
        )
        self.client: Any = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=f"{options.url}/bedrock",
            aws_access_key_id=options.token,
            aws_secret_access_key="not looked at",
            config=config,
        )

    def close(self) -> None:
        self.client.close()

    def status(self, error: Any) -> int:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])

    def say(self, prompt: str) -> str:
        reply = self.client.converse(modelId=CLAUDE, messages=[_block({"text": prompt})])
        return str(reply["output"]["message"]["content"][0]["text"])

    def stream(self, prompt: str) -> str:
        with closing(
            self.client.converse_stream(modelId=CLAUDE, messages=[_block({"text": prompt})])["stream"]
        ) as all_:
            return "".join(
                event["contentBlockDelta"]["delta"]["text"] for event in all_ if "contentBlockDelta" in event
            )

    def leave(self, prompt: str) -> str:
        with closing(
            self.client.converse_stream(modelId=CLAUDE, messages=[_block({"text": prompt})])["stream"]
        ) as all_:
            return next(
                str(event["contentBlockDelta"]["delta"]["text"]) for event in all_ if "contentBlockDelta" in event
            )

    def ask(self) -> Asked:
        reply = self.client.converse(modelId=CLAUDE, messages=[_block({"text": "?"})], toolConfig=self.tools)
        message = reply["output"]["message"]
        use = message["content"][0]["toolUse"]
        return Asked(use["name"], use["input"], message)

    def ask_streamed(self) -> Asked:
        reply = self.client.converse_stream(modelId=CLAUDE, messages=[_block({"text": "?"})], toolConfig=self.tools)
        with closing(reply["stream"]) as events:
            told = [*events]
        (start,) = [each["contentBlockStart"]["start"]["toolUse"] for each in told if "contentBlockStart" in each]
        deltas = [each["contentBlockDelta"]["delta"] for each in told if "contentBlockDelta" in each]
        use = {**start, "input": json.loads("".join(delta["toolUse"]["input"] for delta in deltas))}
        return Asked(use["name"], use["input"], {"role": "assistant", "content": [{"toolUse": use}]})

    def answer(self, asked: Asked, text: str) -> str:
        use = asked.said["content"][0]["toolUse"]["toolUseId"]
        result = {"toolResult": {"toolUseId": use, "content": [{"text": text}]}}
        said = [_block({"text": "?"}), asked.said, _block(result)]
        reply = self.client.converse(modelId=CLAUDE, messages=said)
        return str(reply["output"]["message"]["content"][0]["text"])

    def embed(self, text: str) -> list[float]:
        body = json.dumps({"inputText": text})
        reply = self.client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=body)
        return list(json.loads(reply["body"].read())["embedding"])

    def count(self, text: str) -> int:
        asked = {"converse": {"messages": [_block({"text": text})]}}
        return int(self.client.count_tokens(modelId=CLAUDE, input=asked)["inputTokens"])

    def unlisted(self) -> Any:
        return self.client.list_async_invokes()


def _block(content: Any) -> Any:
    return {"role": "user", "content": [content]}
