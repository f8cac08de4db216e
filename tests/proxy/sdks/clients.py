"""The official SDKs, each behind the same few words, as an application would use them.

Whatever differs between them is here: how a client is made, where an answer's text stands, what an error is called, and
what one of them cannot do (`CANNOT`, which a test holds against the SDK itself).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import anthropic
import boto3
import botocore.exceptions
import httpx
import httpx2
import ollama
import openai
from botocore.config import Config
from google import genai
from google.genai import errors, types

from safety_core.cli.demo.model import Reply, Script
from tests.proxy.egress_setting import CLIENT_TOKEN
from tests.simulators import bedrock, providers

TOOL: Final = "exec"
ARGUMENTS: Final = {"command": "ls menu"}
CLAUDE: Final = "anthropic.claude-3-5-sonnet-20241022-v2:0"
SCHEMA: Final = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
PATIENT: Final = 30.0
"""Seconds: longer than anything here takes."""


@dataclass(frozen=True)
class Options:
    """How a client is made. `retries`: how often it may ask again."""

    url: str
    token: str = CLIENT_TOKEN
    retries: int = 0
    seconds: float = PATIENT


@dataclass(frozen=True)
class Asked:
    """A tool call as an SDK gives it; `said` is what the conversation then holds of it."""

    tool: str
    arguments: Mapping[str, Any]
    said: Any


class Sdk:
    """One SDK; a client of it is made by calling its class.

    Attributes:
        status_error: what it raises where the answer is an error; `status` reads its number.
        time_out: what it raises when it has waited long enough.
        broken: what it raises where a stream says that it went wrong.
        retries: it asks again by itself.
        backend: what its provider answers: say, call_tool, fail.
    """

    status_error: ClassVar[type[Exception]]
    refused: ClassVar[type[Exception]]
    time_out: ClassVar[type[Exception]]
    broken: ClassVar[type[Exception]]
    retries: ClassVar[bool] = True
    backend: ClassVar[Any] = providers

    def __init__(self, options: Options) -> None:
        self.options = options

    def close(self) -> Any:
        """Let go of the client's connections."""


class _OpenAi(Sdk):
    status_error, refused = openai.APIStatusError, openai.AuthenticationError
    time_out, broken = openai.APITimeoutError, openai.APIError
    tools: Final[Any] = [{"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}]

    def settings(self) -> Any:
        given = self.options
        return {
            "api_key": given.token,
            "base_url": f"{given.url}/openai/v1",
            "max_retries": given.retries,
            "timeout": given.seconds,
        }

    def status(self, error: Any) -> int:
        return int(error.status_code)

    def turn(self, prompt: str, **more: Any) -> Any:
        return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}

    def result(self, asked: Asked, text: str) -> Any:
        messages = [
            {"role": "user", "content": "what is on the menu?"},
            asked.said.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": asked.said.tool_calls[0].id, "content": text},
        ]
        return {"model": "m", "messages": messages, "tools": self.tools}

    def asked(self, message: Any) -> Asked:
        call = message.tool_calls[0]
        return Asked(call.function.name, json.loads(call.function.arguments), message)


class OpenAi(_OpenAi):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.client = openai.OpenAI(**self.settings())

    def close(self) -> None:
        self.client.close()

    def say(self, prompt: str) -> str:
        return self.client.chat.completions.create(**self.turn(prompt)).choices[0].message.content or ""

    def stream(self, prompt: str) -> str:
        with self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            return "".join(event.choices[0].delta.content or "" for event in events if event.choices)

    def leave(self, prompt: str) -> str:
        with self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            return next(event.choices[0].delta.content for event in events if event.choices[0].delta.content)

    def ask(self) -> Asked:
        reply = self.client.chat.completions.create(**self.turn("what is on the menu?", tools=self.tools))
        return self.asked(reply.choices[0].message)

    def ask_streamed(self) -> Asked:
        with self.client.chat.completions.stream(**self.turn("what is on the menu?", tools=self.tools)) as events:
            return self.asked(events.get_final_completion().choices[0].message)

    def answer(self, asked: Asked, text: str) -> str:
        return self.client.chat.completions.create(**self.result(asked, text)).choices[0].message.content or ""

    def embed(self, text: str) -> list[float]:
        return self.client.embeddings.create(model="m", input=text, encoding_format="float").data[0].embedding

    def count(self, text: str) -> int:
        return self.client.responses.input_tokens.count(model="m", input=text).input_tokens

    def unlisted(self) -> Any:
        return self.client.fine_tuning.jobs.list()


class OpenAiAsync(_OpenAi):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.client = openai.AsyncOpenAI(**self.settings())

    async def close(self) -> None:
        await self.client.close()

    async def say(self, prompt: str) -> str:
        return (await self.client.chat.completions.create(**self.turn(prompt))).choices[0].message.content or ""

    async def stream(self, prompt: str) -> str:
        async with await self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            return "".join([event.choices[0].delta.content or "" async for event in events if event.choices])

    async def leave(self, prompt: str) -> str:
        async with await self.client.chat.completions.create(**self.turn(prompt, stream=True)) as events:
            async for event in events:
                if text := event.choices[0].delta.content:
                    return str(text)
        return ""

    async def ask(self) -> Asked:
        reply = await self.client.chat.completions.create(**self.turn("what is on the menu?", tools=self.tools))
        return self.asked(reply.choices[0].message)

    async def ask_streamed(self) -> Asked:
        async with self.client.chat.completions.stream(**self.turn("menu?", tools=self.tools)) as events:
            return self.asked((await events.get_final_completion()).choices[0].message)

    async def answer(self, asked: Asked, text: str) -> str:
        return (await self.client.chat.completions.create(**self.result(asked, text))).choices[0].message.content or ""

    async def embed(self, text: str) -> list[float]:
        made = await self.client.embeddings.create(model="m", input=text, encoding_format="float")
        return made.data[0].embedding

    async def count(self, text: str) -> int:
        return (await self.client.responses.input_tokens.count(model="m", input=text)).input_tokens

    async def unlisted(self) -> Any:
        return await self.client.fine_tuning.jobs.list()


class OpenAiResponses(OpenAi):
    """The responses API of the same SDK."""

    def say(self, prompt: str) -> str:
        return self.client.responses.create(model="m", input=prompt).output_text

    def stream(self, prompt: str) -> str:
        with self.client.responses.create(model="m", input=prompt, stream=True) as events:
            return "".join(event.delta for event in events if event.type == "response.output_text.delta")

    def leave(self, prompt: str) -> str:
        with self.client.responses.create(model="m", input=prompt, stream=True) as events:
            return next(event.delta for event in events if event.type == "response.output_text.delta")

    def ask(self) -> Asked:
        tools: Any = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]
        reply = self.client.responses.create(model="m", input="what is on the menu?", tools=tools)
        call: Any = reply.output[0]
        return Asked(call.name, json.loads(call.arguments), call)

    def ask_streamed(self) -> Asked:
        tools: Any = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]
        with self.client.responses.stream(model="m", input="what is on the menu?", tools=tools) as events:
            call: Any = events.get_final_response().output[0]
        return Asked(call.name, json.loads(call.arguments), call)

    def answer(self, asked: Asked, text: str) -> str:
        told = {"type": "function_call_output", "call_id": asked.said.call_id, "output": text}
        said: Any = [{"role": "user", "content": "?"}, asked.said.model_dump(exclude_none=True), told]
        return self.client.responses.create(model="m", input=said).output_text


class Anthropic(Sdk):
    status_error, refused = anthropic.APIStatusError, anthropic.AuthenticationError
    time_out, broken = anthropic.APITimeoutError, anthropic.APIStatusError

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.client = anthropic.Anthropic(
            api_key=options.token,
            base_url=f"{options.url}/anthropic",
            max_retries=options.retries,
            timeout=options.seconds,
        )

    def close(self) -> None:
        self.client.close()

    def status(self, error: Any) -> int:
        return int(error.status_code)

    def turn(self, *messages: Any, **more: Any) -> Any:
        return {"model": "m", "max_tokens": 64, "messages": [*messages], **more}

    def say(self, prompt: str) -> str:
        return str(self.client.messages.create(**self.turn(_user(prompt))).content[0].text)

    def stream(self, prompt: str) -> str:
        with self.client.messages.stream(**self.turn(_user(prompt))) as events:
            return "".join(events.text_stream)

    def leave(self, prompt: str) -> str:
        with self.client.messages.stream(**self.turn(_user(prompt))) as events:
            return next(iter(events.text_stream))

    def ask(self) -> Asked:
        reply = self.client.messages.create(**self.turn(_user("?"), tools=[{"name": TOOL, "input_schema": SCHEMA}]))
        call: Any = reply.content[0]
        return Asked(call.name, call.input, reply)

    def ask_streamed(self) -> Asked:
        tools: Any = [{"name": TOOL, "input_schema": SCHEMA}]
        with self.client.messages.stream(**self.turn(_user("?"), tools=tools)) as events:
            reply = events.get_final_message()
        call: Any = reply.content[0]
        return Asked(call.name, call.input, reply)

    def answer(self, asked: Asked, text: str) -> str:
        said = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in asked.said.content]}
        result = {"type": "tool_result", "tool_use_id": asked.said.content[0].id, "content": text}
        turn = self.turn(_user("?"), said, {"role": "user", "content": [result]})
        return str(self.client.messages.create(**turn).content[0].text)

    def count(self, text: str) -> int:
        return self.client.messages.count_tokens(model="m", messages=[{"role": "user", "content": text}]).input_tokens

    def unlisted(self) -> Any:
        return self.client.beta.files.list()


class Gemini(Sdk):
    status_error, refused = errors.APIError, errors.ClientError
    time_out, broken = httpx2.TimeoutException, errors.APIError

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        again = types.HttpRetryOptions(attempts=options.retries + 1, initial_delay=0.05, max_delay=0.1)
        http = types.HttpOptions(
            base_url=f"{options.url}/gemini", timeout=int(options.seconds * 1000), retry_options=again
        )
        self.client = genai.Client(api_key=options.token, http_options=http)
        declared = types.FunctionDeclaration(name=TOOL, parameters_json_schema=SCHEMA)
        self.config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])

    def close(self) -> None:
        self.client.close()

    def status(self, error: Any) -> int:
        return int(error.code)

    def say(self, prompt: str) -> str:
        return self.client.models.generate_content(model="m", contents=prompt).text or ""

    def stream(self, prompt: str) -> str:
        events = self.client.models.generate_content_stream(model="m", contents=prompt)
        return "".join(event.text or "" for event in events)

    def leave(self, prompt: str) -> str:
        events: Any = self.client.models.generate_content_stream(model="m", contents=prompt)
        with closing(events):
            return next(event.text for event in events if event.text)

    def ask(self) -> Asked:
        reply: Any = self.client.models.generate_content(model="m", contents="?", config=self.config)
        call = reply.function_calls[0]
        return Asked(call.name, call.args, reply.candidates[0].content)

    def ask_streamed(self) -> Asked:
        events: Any = self.client.models.generate_content_stream(model="m", contents="?", config=self.config)
        told = next(each for each in [*events] if each.function_calls)
        return Asked(told.function_calls[0].name, told.function_calls[0].args, told.candidates[0].content)

    def answer(self, asked: Asked, text: str) -> str:
        result = types.Part.from_function_response(name=TOOL, response={"output": text})
        said: Any = [
            types.Content(role="user", parts=[types.Part(text="?")]),
            asked.said,
            types.Content(role="user", parts=[result]),
        ]
        return self.client.models.generate_content(model="m", contents=said).text or ""

    def embed(self, text: str) -> list[float]:
        made: Any = self.client.models.embed_content(model="m-embed", contents=text)
        return list(made.embeddings[0].values)

    def count(self, text: str) -> int:
        return self.client.models.count_tokens(model="m", contents=text).total_tokens or 0

    def unlisted(self) -> Any:
        return [*self.client.files.list()]


class Ollama(Sdk):
    status_error = refused = broken = ollama.ResponseError
    time_out = httpx.TimeoutException
    retries = False
    tools: Final[Any] = [{"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}]

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        headers = {"authorization": f"Bearer {options.token}"}
        self.client = ollama.Client(f"{options.url}/ollama", headers=headers, timeout=options.seconds)

    def close(self) -> None:
        self.client._client.close()

    def status(self, error: Any) -> int:
        return int(error.status_code)

    def say(self, prompt: str) -> str:
        return self.client.chat(model="m", messages=[_user(prompt)]).message.content or ""

    def stream(self, prompt: str) -> str:
        return "".join(
            event.message.content or "" for event in self.client.chat(model="m", messages=[_user(prompt)], stream=True)
        )

    def leave(self, prompt: str) -> str:
        events: Any = self.client.chat(model="m", messages=[_user(prompt)], stream=True)
        with closing(events):
            return next(event.message.content for event in events if event.message.content)

    def ask(self) -> Asked:
        message = self.client.chat(model="m", messages=[_user("?")], tools=self.tools).message
        call: Any = (message.tool_calls or [])[0]
        return Asked(call.function.name, call.function.arguments, message)

    def ask_streamed(self) -> Asked:
        events: Any = self.client.chat(model="m", messages=[_user("?")], tools=self.tools, stream=True)
        message = next(event.message for event in [*events] if event.message.tool_calls)
        call: Any = message.tool_calls[0]
        return Asked(call.function.name, call.function.arguments, message)

    def answer(self, asked: Asked, text: str) -> str:
        result = {"role": "tool", "tool_name": TOOL, "content": text}
        return self.client.chat(model="m", messages=[_user("?"), asked.said, result]).message.content or ""

    def embed(self, text: str) -> list[float]:
        return list(self.client.embed(model="m", input=text).embeddings[0])

    def unlisted(self) -> Any:
        return self.client.pull("m")


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


SDKS: Final[Mapping[str, Callable[[Options], Any]]] = {
    "openai": OpenAi,
    "openai async": OpenAiAsync,
    "openai responses": OpenAiResponses,
    "anthropic": Anthropic,
    "google-genai": Gemini,
    "ollama": Ollama,
    "boto3": Boto3,
}

CANNOT: Final = {
    ("embeddings", "anthropic"): "Anthropic has no embeddings",
    ("count tokens", "ollama"): "Ollama counts no tokens",
}
"""Scenario and SDK -> why there is no such thing."""


def _user(text: str) -> Any:
    return {"role": "user", "content": text}


def _block(content: Any) -> Any:
    return {"role": "user", "content": [content]}
